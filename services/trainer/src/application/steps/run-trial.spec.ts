import { AppError } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { openTrial } from '../../domain/search/study/open-trial.js';
import { startStudy, tell, type Study } from '../../domain/search/study/study.js';
import { TrainingCancelledError } from '../../domain/training.js';
import {
  GradientBooster,
  type BoostedModel,
  type BoostingRequest,
  type RoundProgress,
} from '../gradient-booster.js';
import { xgboostParameters } from '../xgboost-parameters.js';
import { runTrial } from './run-trial.js';

const space = { max_depth: { kind: 'int', low: 1, high: 9 } } as const;
const request: BoostingRequest = {
  parameters: xgboostParameters.parse({}),
  rounds: 4,
  featureNames: ['a'],
  train: { values: new Float32Array(1), label: new Float32Array(1), rows: 1, columns: 1 },
};

class OutOfReach extends AppError {
  readonly code = 'TEST_OUT_OF_REACH';
  readonly kind = 'unavailable';
}

/** Tells the scores in turn, as a thread would that looks for the end only every `looksEvery` rounds. */
class ScriptedBooster extends GradientBooster {
  readonly library = { version: '0', source: 'script', path: '', threads: 1, workers: 1 };
  told = 0;

  constructor(
    private readonly scores: readonly number[],
    private readonly looksEvery = 1,
    private readonly failure?: Error,
  ) {
    super();
  }

  override async train(
    { rounds }: BoostingRequest,
    control: { readonly signal?: AbortSignal; readonly onRound?: (progress: RoundProgress) => void } = {},
  ): Promise<BoostedModel> {
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    for (const [round, value] of this.scores.entries()) {
      if (round % this.looksEvery === 0 && control.signal?.aborted === true) {
        throw new TrainingCancelledError(`Ended after ${round} rounds`);
      }
      control.onRound?.({ round, rounds, scores: { 'validation-logloss': value } });
      this.told += 1;
    }
    const history = { 'validation-logloss': this.scores };
    const { length } = this.scores;
    return {
      json: new Uint8Array(),
      rounds: length,
      bestScore: undefined,
      stopped: 'rounds',
      history,
      importance: {},
    };
  }

  override predict(): Promise<Float32Array> {
    return Promise.reject(new Error('No trial predicts'));
  }
}

function study(): Study {
  const pruner = { kind: 'median', startupTrials: 1 } as const;
  return startStudy({ name: 's', space, seed: 1, pruner });
}

function run(
  booster: GradientBooster,
  on: Study,
  more: { rounds?: number; signal?: AbortSignal } = {},
): ReturnType<typeof runTrial> {
  const opened = openTrial(on, { max_depth: 3 });
  return runTrial(opened.study, opened.trial.number, {
    booster,
    request: { ...request, rounds: more.rounds ?? 4 },
    score: 'validation-logloss',
    signal: more.signal ?? new AbortController().signal,
    onRound: () => undefined,
  });
}

/** A study in which one trial went from 4 down to 1. */
async function begun(): Promise<Study> {
  return (await run(new ScriptedBooster([4, 3, 2, 1]), study())).study;
}

describe('a trial', () => {
  it('is complete with the score of the round that its model is cut after', async () => {
    const { trial, model } = await run(new ScriptedBooster([4, 3, 2, 1]), study());
    expect(trial).toMatchObject({ number: 0, state: 'complete', values: [1] });
    expect(trial.reports).toEqual([4, 3, 2, 1].map((value, step) => ({ step, value })));
    expect(model?.rounds).toBe(4);
  });

  it('is pruned at the round that is worse than the others were, and keeps no model', async () => {
    const booster = new ScriptedBooster([3.5, 3.2, 3, 2.9]);
    const { trial, model } = await run(booster, await begun());
    // 3.5 < 4 goes on; 3.2 > 3 does not.
    expect(trial.state).toBe('pruned');
    expect(trial.reports).toEqual([
      { step: 0, value: 3.5 },
      { step: 1, value: 3.2 },
    ]);
    expect(booster.told).toBe(2);
    expect(model).toBeUndefined();
  });

  it('has the same end however late the booster hears of it', async () => {
    const before = await begun();
    const soon = await run(new ScriptedBooster([3.5, 3.2, 3, 0.1]), before);
    const never = await run(new ScriptedBooster([3.5, 3.2, 3, 0.1], 100), before);
    expect(never).toEqual(soon);
  });

  it("is never pruned when it is the first: the plan's own", async () => {
    const rung = { kind: 'successive-halving', minResource: 1, bootstrapCount: 5 } as const;
    const on = startStudy({ name: 's', space, seed: 1, pruner: rung });
    expect((await run(new ScriptedBooster([4, 3, 2, 1]), on)).trial.state).toBe('complete');
    const second = await run(new ScriptedBooster([4, 3, 2, 1]), openAndFail(on));
    expect(second.trial.state).toBe('pruned');
  });

  it('that cannot be trained is told as failed, with the reason', async () => {
    const broken = new ScriptedBooster([], 1, new Error('max_leaves needs lossguide'));
    expect((await run(broken, await begun())).trial).toMatchObject({
      state: 'failed',
      reason: 'max_leaves needs lossguide',
    });
  });

  it.each([
    ['diverged', [4, Number.NaN, Number.NaN, Number.NaN]],
    ['was not scored', []],
  ])('that %s is told as failed', async (_, scores) => {
    const none = startStudy({ name: 's', space, seed: 1 });
    expect((await run(new ScriptedBooster(scores), none)).trial.state).toBe('failed');
  });

  it("ends the search when it is the plan's own that cannot be trained", async () => {
    const broken = new ScriptedBooster([], 1, new Error('All labels are 0'));
    await expect(run(broken, study())).rejects.toThrow('All labels are 0');
  });

  it('is tried again when what went wrong may pass', async () => {
    const away = new ScriptedBooster([], 1, new OutOfReach('A worker is gone'));
    await expect(run(away, await begun())).rejects.toThrow('A worker is gone');
  });

  it('that is cancelled is not told to the study', async () => {
    const signal = AbortSignal.abort();
    await expect(run(new ScriptedBooster([4, 3]), await begun(), { signal })).rejects.toThrow(
      TrainingCancelledError,
    );
  });

  it('reports at most a hundred of its rounds', async () => {
    const scores = Array.from({ length: 250 }, (_, round) => 250 - round);
    const { trial } = await run(new ScriptedBooster(scores), study(), { rounds: 250 });
    expect(trial.reports.map(({ step }) => step).slice(0, 3)).toEqual([2, 5, 8]);
    expect(trial.reports).toHaveLength(83);
  });
});

function openAndFail(on: Study): Study {
  const opened = openTrial(on, { max_depth: 3 });
  const told = tell(opened.study, opened.trial.number, { state: 'failed', reason: 'as told' });
  return told.outcome === 'accepted' ? told.study : on;
}
