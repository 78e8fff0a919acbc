import { SeededRandom } from '@headrace/kernel';
import { eventually } from '@headrace/testing';
import { expect, it } from 'vitest';
import { type BoostingRequest } from '../../application/gradient-booster.js';
import { xgboostParameters } from '../../application/xgboost-parameters.js';
import { describeWithCurrentLibrary } from './testing/current-library.js';
import { trainDistributed, type DistributedTraining } from './train-distributed.js';
import { XgboostGradientBooster } from './xgboost-gradient-booster.js';

const random = new SeededRandom(11);
const rows = 900;
const columns = 4;
// Few different values: the cuts of the histograms are then the same in every part of the rows and in the whole.
const values = Float32Array.from({ length: rows * columns }, () => random.integer(12));
const label = Float32Array.from({ length: rows }, (_, row) => {
  const score = values[row * columns]! - values[row * columns + 1]! + 4 * random.normal();
  return score > 2 ? 1 : 0;
});
const request: BoostingRequest = {
  parameters: xgboostParameters.parse({ eval_metric: ['logloss'], max_depth: 3, base_score: 0.5 }),
  rounds: 12,
  featureNames: ['a', 'b', 'c', 'd'],
  train: { values, rows, columns, label, weight: new Float32Array(rows).fill(0.5) },
};

function isRunning(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

await describeWithCurrentLibrary('one model over many processes', (found) => {
  const training = (changes: Partial<DistributedTraining> = {}): DistributedTraining => ({
    libraryPath: found.path,
    workers: 2,
    threadsPerWorker: 1,
    ...changes,
  });
  const alone = new XgboostGradientBooster(found, { threads: 1 });

  it.each([2, 3])('is the model of one process, from %i workers', async (workers) => {
    const rounds: number[] = [];
    const onRound = ({ round }: { round: number }): unknown => rounds.push(round);
    const [one, many] = await Promise.all([
      alone.train(request),
      trainDistributed(training({ workers }), request, { onRound }),
    ]);
    expect(rounds).toEqual(Array.from({ length: 12 }, (_, round) => round));
    expect(many.rounds).toBe(12);
    // Sums of floats in another order; the trees are the same, or single rows would be far apart.
    const expected = await alone.predict(one.json, request.train, 'margin');
    const distances = (await alone.predict(many.json, request.train, 'margin')).map((margin, row) =>
      Math.abs(margin - expected[row]!),
    );
    expect(Math.max(...distances)).toBeLessThan(1e-4);
    const losses = one.history['train-logloss'] ?? [];
    for (const [round, loss] of (many.history['train-logloss'] ?? []).entries()) {
      expect(loss).toBeCloseTo(losses[round]!, 4);
    }
  });

  it('stops early at the same round in every process', async () => {
    const noise = Float32Array.from({ length: rows }, () => random.integer(2));
    const model = await trainDistributed(training(), {
      ...request,
      rounds: 200,
      earlyStoppingRounds: 4,
      validation: { values, rows, columns, label: noise },
    });
    expect(model.stopped).toBe('early');
    expect(model.rounds).toBe((model.history['validation-logloss']?.length ?? 0) - 4);
  });

  it('learns from parts of which one has a single class', async () => {
    const sorted = label.toSorted();
    const model = await trainDistributed(training(), {
      ...request,
      train: { ...request.train, label: sorted },
    });
    expect(model.rounds).toBe(12);
  });

  it('is made by the booster of a trainer that has many workers', async () => {
    const many = new XgboostGradientBooster(found, { threads: 2, workers: 2 });
    const model = await many.train({ ...request, rounds: 2 });
    expect([model.rounds, many.library.workers]).toEqual([2, 2]);
  });

  it('leaves no process behind when it is cancelled', async () => {
    const processes: number[] = [];
    const control = new AbortController();
    const cancelled = trainDistributed(
      training({ onProcess: (_, id) => processes.push(id) }),
      { ...request, rounds: 1_000_000 },
      { signal: control.signal, onRound: ({ round }) => round === 3 && control.abort() },
    );
    await expect(cancelled).rejects.toMatchObject({
      code: 'TRAINER_TRAINING_CANCELLED',
      message: 'The training was cancelled after 4 rounds',
    });
    expect(processes).toHaveLength(3);
    await eventually(() => expect(processes.filter(isRunning)).toEqual([]));
  });

  it('ends with the reason, and may be tried again, when a worker is killed', async () => {
    const processes = new Map<string, number>();
    const lost = trainDistributed(
      training({ onProcess: (what, id) => processes.set(what, id) }),
      { ...request, rounds: 1_000_000 },
      { onRound: ({ round }) => round === 3 && process.kill(processes.get('worker 1 of 2')!, 'SIGKILL') },
    );
    await expect(lost).rejects.toMatchObject({ retryable: true });
    await eventually(() => expect([...processes.values()].filter(isRunning)).toEqual([]));
  });

  it.each([
    ['more workers than rows', { ...request, train: { ...request.train, rows: 1 } }],
    ['one class only', { ...request, train: { ...request.train, label: new Float32Array(rows) } }],
  ])('refuses %s before it starts anything', async (_, unfit) => {
    const started: string[] = [];
    const refused = trainDistributed(training({ onProcess: (what) => started.push(what) }), unfit);
    await expect(refused).rejects.toMatchObject({ code: 'TRAINER_TRAINING_DATA_UNFIT' });
    expect(started).toEqual([]);
  });

  it('says what the library says to a wrong parameter, from the process where it said it', async () => {
    const wrong = {
      ...request,
      parameters: { ...request.parameters, max_depth: 'deep' as unknown as number },
    };
    await expect(trainDistributed(training(), wrong)).rejects.toMatchObject({
      code: 'TRAINER_XGBOOST_CALL_FAILED',
      message: expect.stringContaining('max_depth') as string,
    });
  });
});
