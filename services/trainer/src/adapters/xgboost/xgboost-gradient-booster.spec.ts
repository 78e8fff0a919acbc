import { SeededRandom } from '@headrace/kernel';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type BoostingRequest } from '../../application/gradient-booster.js';
import { xgboostParameters } from '../../application/xgboost-parameters.js';
import { XgboostGradientBooster } from './xgboost-gradient-booster.js';

const random = new SeededRandom(7);
const values = Float32Array.from({ length: 2000 }, () => random.normal());
const label = Float32Array.from({ length: 500 }, (_, row) => ((values[row * 4] ?? 0) > 0.3 ? 1 : 0));
const request: BoostingRequest = {
  parameters: xgboostParameters.parse({ eval_metric: ['logloss'], max_depth: 3 }),
  rounds: 12,
  featureNames: ['a', 'b', 'c', 'd'],
  train: { values, rows: 500, columns: 4, label },
};

let booster: XgboostGradientBooster;
beforeAll(async () => {
  booster = await XgboostGradientBooster.open(
    { configuredPath: process.env['XGBOOST_LIBRARY'] ?? '' },
    { threads: 2 },
  );
});

describe('XGBoost in its thread', () => {
  it('trains, tells every round, and predicts with what it trained', async () => {
    const rounds: number[] = [];
    const model = await booster.train(request, { onRound: ({ round }) => rounds.push(round) });
    expect(rounds).toEqual(Array.from({ length: 12 }, (_, round) => round));
    expect(model.history['train-logloss']).toHaveLength(12);
    const predicted = await booster.predict(model.json, request.train);
    const right = predicted.filter((value, row) => value > 0.5 === (label[row] === 1)).length;
    expect(right).toBeGreaterThan(490);
  });

  it('leaves the event loop free while it trains', async () => {
    // More rounds than anybody waits for: only turns of the event loop can end it.
    const control = new AbortController();
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
      if (turns === 6) control.abort();
    }, 1);
    onTestFinished(() => clearInterval(timer));
    const training = booster.train({ ...request, rounds: 1_000_000 }, { signal: control.signal });
    await expect(training).rejects.toMatchObject({ code: 'TRAINER_TRAINING_CANCELLED' });
  });

  it('cuts the model after its best round', async () => {
    const noise = Float32Array.from({ length: 500 }, () => random.integer(2));
    const model = await booster.train({
      ...request,
      rounds: 200,
      earlyStoppingRounds: 5,
      validation: { ...request.train, label: noise },
    });
    expect(model.stopped).toBe('early');
    expect(model.rounds).toBe((model.history['validation-logloss']?.length ?? 0) - 5);
  });

  it('stops within a round of the abort', async () => {
    const control = new AbortController();
    const training = booster.train(
      { ...request, rounds: 1_000_000 },
      { signal: control.signal, onRound: ({ round }) => round === 3 && control.abort() },
    );
    await expect(training).rejects.toMatchObject({ code: 'TRAINER_TRAINING_CANCELLED', kind: 'conflict' });
  });

  it('does not begin what was aborted before', async () => {
    await expect(booster.train(request, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'TRAINER_TRAINING_CANCELLED',
    });
  });

  it('keeps code and kind of an error on its way out of the thread', async () => {
    const empty = { values: new Float32Array(0), rows: 0, columns: 4, label: new Float32Array(0) };
    await expect(booster.train({ ...request, train: empty })).rejects.toMatchObject({
      code: 'TRAINER_TRAINING_DATA_UNFIT',
      kind: 'invalid',
    });
    await expect(booster.predict(new Uint8Array([123, 125]), request.train)).rejects.toMatchObject({
      code: 'TRAINER_XGBOOST_CALL_FAILED',
    });
  });
});
