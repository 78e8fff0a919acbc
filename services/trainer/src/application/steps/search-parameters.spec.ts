import { join } from 'node:path';
import { type TrialCompleted } from '@headrace/contracts';
import { type PendingEvent } from '@headrace/messaging';
import { openFileObjectStore, type ObjectStore } from '@headrace/object-store';
import { FakeClock, temporaryDirectory } from '@headrace/testing';
import { describe, expect, it } from 'vitest';
import { readStudy } from '../../domain/search/study/study-document.js';
import { TrainingCancelledError } from '../../domain/training.js';
import {
  GradientBooster,
  type BoostedModel,
  type BoostingRequest,
  type RoundProgress,
} from '../gradient-booster.js';
import { type SearchPlan } from '../search-plan.js';
import { stepResults, type StepResult } from '../step-results.js';
import { trainingPlan } from '../training-plan.js';
import { type StepRecord, type Training, type TrainingRepository } from '../training-repository.js';
import { TrainingRun, TrainingRuns } from '../training-run.js';
import { type TrainingSets } from '../training-sets.js';
import { searchParameters } from './search-parameters.js';

const plan = trainingPlan.parse({
  modelName: 'm',
  view: 'v',
  label: 'l',
  parameters: { eval_metric: ['logloss'], max_depth: 2 },
  rounds: 3,
  validation: { criteria: [{ metric: 'roc_auc', direction: 'at-least', threshold: 0.7 }] },
  search: {
    trials: 8,
    startupTrials: 4,
    seed: 3,
    pruner: { kind: 'median', startupTrials: 3 },
    space: { max_depth: { kind: 'int', low: 1, high: 12 } },
  },
});
const split: StepResult<'split'> = {
  train: { begin: 0, end: 2 },
  validation: { begin: 2, end: 3 },
  holdout: { begin: 3, end: 4 },
  dropped: 0,
};
const set = {
  featureNames: ['a'],
  rows: 4,
  values: new Float32Array(4),
  label: new Float32Array(4),
  times: new Float64Array(4),
  systemIds: ['x', 'x', 'x', 'x'],
};

const span = { from: '2026-11-25T00:00:00Z', to: '2026-11-25T00:00:00Z' };

/** Learns best at a depth of 5, takes ten seconds a trial, and remembers what it was asked. */
class DepthBooster extends GradientBooster {
  readonly library = { version: '0', source: 'script', path: '', threads: 1, workers: 1 };
  readonly asked: BoostingRequest[] = [];

  constructor(
    private readonly clock: FakeClock,
    private readonly lossOf: (depth: number) => number = (depth) => 1 + (depth - 5) ** 2,
    private readonly failsAt: (depth: number) => boolean = () => false,
  ) {
    super();
  }

  override train(
    request: BoostingRequest,
    control: { readonly signal?: AbortSignal; readonly onRound?: (progress: RoundProgress) => void } = {},
  ): Promise<BoostedModel> {
    this.asked.push(request);
    this.clock.advance(10_000);
    const { rounds, parameters } = request;
    const depth = parameters.max_depth ?? 6;
    if (this.failsAt(depth)) return Promise.reject(new Error(`No tree is ${depth} deep`));
    const scores: number[] = [];
    // As XGBoost scores rows of one class.
    const undefinedScores = Array.from({ length: rounds }, () => Number.NaN);
    for (let round = 0; round < rounds; round += 1) {
      if (control.signal?.aborted === true) return Promise.reject(new TrainingCancelledError('Aborted'));
      const value = this.lossOf(depth) * (rounds - round);
      scores.push(value);
      control.onRound?.({
        round,
        rounds,
        scores: { 'validation-auc': Number.NaN, 'validation-logloss': value },
      });
    }
    return Promise.resolve({
      json: Buffer.from(JSON.stringify({ depth })),
      rounds,
      bestScore: undefined,
      stopped: 'rounds',
      history: { 'validation-auc': undefinedScores, 'validation-logloss': scores },
      importance: {},
    });
  }

  override predict(): Promise<Float32Array> {
    return Promise.reject(new Error('No search predicts'));
  }
}

/** A training whose checkpoints and facts are kept in memory, as jsonb would keep them. */
class Kept {
  checkpoint: unknown;
  readonly facts: PendingEvent<typeof TrialCompleted>['event'][] = [];
  /** After so many trials the process is gone. */
  killedAfter = Number.POSITIVE_INFINITY;
  cancelRequested = false;
  readonly clock = new FakeClock();

  private constructor(readonly objects: ObjectStore) {}

  static async begin(): Promise<Kept> {
    return new Kept(await openFileObjectStore(join(temporaryDirectory(), 'objects')));
  }

  async run(): Promise<TrainingRun> {
    const at = this.clock.now();
    const training = {
      id: '0197b3c2-0000-7000-8000-000000000000',
      modelName: 'm',
      plan: { plan, version: '1' },
      requestFactId: 'asked',
      attempts: 0,
    } as unknown as Training;
    const record: StepRecord = {
      name: 'search',
      state: 'running',
      startedAt: at,
      finishedAt: undefined,
      result: undefined,
      checkpoint: this.checkpoint,
    };
    const reference = { ...span, key: 'k', digest: 'sha256:0', rows: 4, positives: 2, featureNames: ['a'] };
    const built: StepRecord = { ...record, name: 'training-set', state: 'done', result: reference };
    const trainings = {
      checkpoint: (
        _id: string,
        _step: string,
        checkpoint: unknown,
        facts: readonly PendingEvent<typeof TrialCompleted>[],
      ) => {
        if (this.facts.length >= this.killedAfter) return Promise.reject(new Error('Killed'));
        this.checkpoint = JSON.parse(JSON.stringify(checkpoint));
        this.facts.push(...facts.map(({ event }) => event));
        return Promise.resolve({ cancelRequested: this.cancelRequested });
      },
      progress: () => Promise.resolve({ cancelRequested: false }),
    } as unknown as TrainingRepository;
    const sets = { read: () => Promise.resolve(set) } as unknown as TrainingSets;
    const control = { cancelled: new AbortController(), shutdown: new AbortController().signal };
    const run = new TrainingRun(
      training,
      control,
      [built, record],
      new TrainingRuns(trainings, sets, this.objects, this.clock),
    );
    await run.step('training-set', () => Promise.reject(new Error('It was built before')));
    return run;
  }
}

async function search(kept: Kept, booster: GradientBooster, changes: Partial<SearchPlan> = {}) {
  return searchParameters(await kept.run(), booster, split, { ...plan.search!, ...changes });
}

describe('a search', () => {
  it('finds what is better than the plan, and keeps the model of that trial and no other', async () => {
    const kept = await Kept.begin();
    const found = await search(kept, new DepthBooster(kept.clock));
    expect(found).toMatchObject({ metric: 'logloss', direction: 'minimize', ownValue: 10, spentMs: 80_000 });
    expect(found.best).toMatchObject({ value: 1, parameters: { max_depth: 5 }, trees: { rounds: 3 } });
    expect(found.trials.complete + found.trials.pruned).toBe(8);
    expect(found.trials.pruned).toBeGreaterThan(0);
    const model = JSON.parse(
      Buffer.from(await kept.objects.get(found.best!.trees.key)).toString(),
    ) as unknown;
    expect(model).toEqual({ depth: 5 });
    const names = [];
    for await (const { key } of kept.objects.list('models/')) names.push(key.split('/').slice(3).join('/'));
    expect(names).toEqual(['study.json', `trials/${found.best!.trial}.json`]);
  });

  it('that is killed after any trial goes on as if nothing had been', async () => {
    const whole = await Kept.begin();
    const wanted = await search(whole, new DepthBooster(whole.clock));
    for (const trials of [0, 1, 4, 7]) {
      const kept = await Kept.begin();
      kept.killedAfter = trials;
      await expect(search(kept, new DepthBooster(kept.clock))).rejects.toThrow('Killed');
      kept.killedAfter = Number.POSITIVE_INFINITY;
      const booster = new DepthBooster(kept.clock);
      await expect(search(kept, booster)).resolves.toEqual(wanted);
      // The trial that was lost with the process is trained again, those that were stored are not.
      expect(booster.asked).toHaveLength(8 - trials);
      expect(kept.facts.map(({ id }) => id)).toEqual(whole.facts.map(({ id }) => id));
    }
  });

  it('keeps rounds without a score as such: its result is read back as it was', async () => {
    const found = await Kept.begin().then((kept) => search(kept, new DepthBooster(kept.clock)));
    expect(found.best?.trees.history).toEqual({
      'validation-auc': [null, null, null],
      'validation-logloss': [3, 2, 1],
    });
    expect(stepResults.search.parse(JSON.parse(JSON.stringify(found)))).toEqual(found);
  });

  it('begins no trial after its time, that of a killed process included', async () => {
    const kept = await Kept.begin();
    kept.killedAfter = 2;
    const limited = { timeLimitSeconds: 25 };
    await expect(search(kept, new DepthBooster(kept.clock), limited)).rejects.toThrow('Killed');
    kept.killedAfter = Number.POSITIVE_INFINITY;
    const booster = new DepthBooster(kept.clock);
    const found = await search(kept, booster, limited);
    expect(booster.asked).toHaveLength(1);
    expect(found).toMatchObject({ trials: { complete: 3 }, spentMs: 30_000 });
  });

  it('goes on over trials that cannot be trained, and says why each could not', async () => {
    const kept = await Kept.begin();
    const booster = new DepthBooster(kept.clock, undefined, (depth) => depth > 8);
    const found = await search(kept, booster);
    expect(found.trials.failed).toBeGreaterThan(0);
    expect(found.best?.value).toBeLessThanOrEqual(10);
    const failed = kept.facts.filter(({ payload }) => payload.state === 'failed');
    expect(failed).toHaveLength(found.trials.failed);
    for (const { payload } of failed) expect(payload.reason).toMatch(/^No tree is \d+ deep$/);
  });

  it('has no best where no trial has a value, and leaves the training to the plan', async () => {
    const kept = await Kept.begin();
    const found = await search(kept, new DepthBooster(kept.clock, () => Number.NaN));
    expect(found).toMatchObject({ ownValue: null, best: null, trials: { failed: 8 }, importances: {} });
  });

  it('ends between two trials when somebody asks for it elsewhere', async () => {
    const kept = await Kept.begin();
    kept.cancelRequested = true;
    const booster = new DepthBooster(kept.clock);
    await expect(search(kept, booster)).rejects.toMatchObject({ name: 'AbortError' });
    expect(booster.asked).toHaveLength(1);
  });

  it("tries the plan's own parameters first and stores a study that can be read", async () => {
    const kept = await Kept.begin();
    const found = await search(kept, new DepthBooster(kept.clock));
    const study = readStudy(Buffer.from(await kept.objects.get(found.study.key)).toString());
    expect(study.trials[0]).toMatchObject({ state: 'complete', parameters: { max_depth: 2 }, values: [10] });
    expect(kept.facts[0]?.payload).toMatchObject({
      trial: 0,
      objective: 10,
      modelName: 'm',
      runId: '0197b3c2000070008000000000000000',
      metric: 'validation-logloss',
      startedAt: '2026-11-23T12:00:00.000Z',
      finishedAt: '2026-11-23T12:00:10.000Z',
    });
  });
});
