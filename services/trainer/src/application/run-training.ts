import { setImmediate as nextTurn } from 'node:timers/promises';
import { evidence, ModelTrained, TrainingFailed } from '@headrace/contracts';
import { Clock, describeError, deterministicId, isAppError } from '@headrace/kernel';
import { pending } from '@headrace/messaging';
import { ObjectStore } from '@headrace/object-store';
import {
  buildTreeModel,
  checkModel,
  compileTrees,
  foldConstants,
  pruneTrees,
  readXgboost,
  removeDeadCode,
  rewriteModel,
  type TreeScorer,
} from '@headrace/onnx';
import { ServiceLogger } from '@headrace/service-host';
import { freezeHistogram } from '@headrace/statistics';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { calibrated, calibrateTrees } from '../domain/calibrate-trees.js';
import { evaluateHoldout } from '../domain/evaluate-holdout.js';
import { judgeModel, passes } from '../domain/judge-model.js';
import { fitPlatt } from '../domain/platt-scaling.js';
import { freezeColumn, type ReferenceProfile } from '../domain/reference-profile.js';
import { splitByTime, type Part } from '../domain/temporal-split.js';
import { isFinished, maxAttempts, retryDelayMs, type StepName } from '../domain/training.js';
import {
  describeLibrary,
  GradientBooster,
  type LabelledRows,
  type RoundProgress,
} from './gradient-booster.js';
import { type TrainingPlan } from './training-plan.js';
import { type Training, TrainingRepository } from './training-repository.js';
import { type TrainingSet, trainingSetReference, TrainingSets } from './training-sets.js';

export interface RunControl {
  /** Somebody asked for the end. */
  readonly cancelled: AbortController;
  /** The process ends; the training goes on elsewhere or later. */
  readonly shutdown: AbortSignal;
}

const part = z.object({ begin: z.number(), end: z.number() });
const stored = z.object({ key: z.string(), digest: z.string().startsWith('sha256:') });
const numbers = z.record(z.string(), z.number());
const results = {
  'training-set': trainingSetReference,
  split: z.object({ train: part, validation: part, holdout: part, dropped: z.number() }),
  train: stored.extend({
    rounds: z.number(),
    bestScore: z.number().nullable(),
    stopped: z.enum(['rounds', 'early']),
    history: z.record(z.string(), z.array(z.number())),
    importance: numbers,
    library: z.string(),
  }),
  calibration: z.discriminatedUnion('method', [
    z.object({ method: z.literal('platt'), slope: z.number(), intercept: z.number() }),
    z.object({ method: z.literal('none'), reason: z.string() }),
  ]),
  onnx: stored.extend({ bytes: z.number(), rows: z.number(), largestDifference: z.number() }),
  validation: z.object({
    rows: z.number(),
    positives: z.number(),
    metrics: z.record(z.string(), z.number().nullable()),
    evidence: z.array(evidence),
    validated: z.boolean(),
  }),
  reference: stored,
  store: z.object({ artifacts: z.record(z.string(), stored) }),
} satisfies Record<StepName, z.ZodType>;

type Result<Name extends StepName> = z.output<(typeof results)[Name]>;

/** What the file of the model is made of. */
interface Made {
  readonly set: Result<'training-set'>;
  readonly split: Result<'split'>;
  readonly trees: Result<'train'>;
  readonly calibration: Result<'calibration'>;
}

/** The time between two writes of the progress. */
const progressEveryMs = 1_000;

/**
 * Makes one model, step by step. The result of each step is stored before the next one begins, and objects have keys
 * that follow from the training: after a kill the steps that are done are not done again, and the one that was
 * interrupted overwrites what it left. The order is fixed here and nowhere else.
 */
@Injectable()
export class RunTraining {
  constructor(
    private readonly trainings: TrainingRepository,
    private readonly trainingSets: TrainingSets,
    private readonly booster: GradientBooster,
    private readonly objects: ObjectStore,
    private readonly clock: Clock,
    private readonly logger: ServiceLogger,
  ) {}

  async execute(id: string, control: RunControl): Promise<void> {
    const training = await this.trainings.find(id);
    if (training === undefined || isFinished(training.state)) return;
    if (training.cancelRequested) control.cancelled.abort();
    await this.trainings.begin(id, this.clock.now());
    const done = new Map(
      (await this.trainings.steps(id)).flatMap((step) =>
        step.state === 'done' ? [[step.name, step.result] as const] : [],
      ),
    );
    const run = new Run(training, this.trainings, this.trainingSets, this.clock, control, done);
    const fields = { trainingId: id, modelName: training.modelName };
    this.logger.info({ ...fields, resumedAfter: [...done.keys()] }, 'Training begins');
    try {
      await this.make(run);
    } catch (error) {
      if (control.shutdown.aborted && !control.cancelled.signal.aborted) {
        this.logger.info(
          { ...fields, step: run.current },
          'Training interrupted; it goes on after the restart',
        );
        return;
      }
      await this.end(run, error);
    }
  }

  private async make(run: Run): Promise<void> {
    const { plan } = run.training.plan;
    const set = await run.step('training-set', () => this.trainingSets.build(plan.view, plan.label));
    const split = await run.step('split', async () =>
      splitByTime((await run.set()).times, {
        ...plan.split,
        purgeMs: plan.split.purgeSeconds * 1000,
        embargoMs: plan.split.embargoSeconds * 1000,
      }),
    );
    const trees = await run.step('train', () => this.train(run, split));
    const calibration = await run.step('calibration', () => this.calibrate(run, split, trees));
    const model = await run.step('onnx', () => this.writeOnnx(run, { set, split, trees, calibration }));
    const verdict = await run.step('validation', () => this.validate(run, split, model));
    const reference = await run.step('reference', () => this.profile(run, split, model));
    const { artifacts } = await run.step('store', async () => ({
      artifacts: {
        model: { key: model.key, digest: model.digest },
        reference,
        xgboost: { key: trees.key, digest: trees.digest },
        run: await this.putJson(run, 'run.json', {
          plan,
          version: run.training.plan.version,
          set,
          split,
          trees,
          calibration,
          verdict,
        }),
      },
    }));
    await this.succeed(run, { set, trees, calibration, model, verdict, artifacts });
  }

  private async train(run: Run, split: Result<'split'>): Promise<Result<'train'>> {
    const { plan } = run.training.plan;
    const set = await run.set();
    const model = await this.booster.train(
      {
        parameters: plan.parameters,
        rounds: plan.rounds,
        ...(plan.earlyStoppingRounds !== undefined && { earlyStoppingRounds: plan.earlyStoppingRounds }),
        featureNames: set.featureNames,
        train: rowsOf(set, split.train),
        validation: rowsOf(set, split.validation),
      },
      { signal: run.signal, onRound: (progress) => run.report(progress) },
    );
    await run.reported();
    return {
      ...(await this.put(run, 'xgboost.json', model.json)),
      rounds: model.rounds,
      bestScore: model.bestScore ?? null,
      stopped: model.stopped,
      history: model.history as Record<string, number[]>,
      importance: model.importance,
      library: describeLibrary(this.booster.library),
    };
  }

  private async calibrate(
    run: Run,
    split: Result<'split'>,
    trees: Result<'train'>,
  ): Promise<Result<'calibration'>> {
    const { plan } = run.training.plan;
    if (plan.calibration === 'none') return { method: 'none', reason: 'the plan wants none' };
    if (plan.parameters.objective !== 'binary:logistic')
      return { method: 'none', reason: `${plan.parameters.objective} answers no probability` };
    const validation = rowsOf(await run.set(), split.validation);
    const margins = await this.booster.predict(await this.objects.get(trees.key), validation, 'margin');
    const scaling = fitPlatt(validation.label, margins);
    if (scaling === undefined)
      return {
        method: 'none',
        reason: `${validation.rows} rows of validation do not determine a calibration`,
      };
    return { method: 'platt', ...scaling };
  }

  /** Builds the file that will be served, and compares what it answers with what XGBoost answers. */
  private async writeOnnx(run: Run, made: Made): Promise<Result<'onnx'>> {
    const { split, trees, calibration } = made;
    const { plan } = run.training.plan;
    const set = await run.set();
    const json = await this.objects.get(trees.key);
    const raw = readXgboost(json, set.featureNames);
    const scaling = calibration.method === 'platt' ? calibration : undefined;
    const built = buildTreeModel(scaling === undefined ? raw : calibrateTrees(raw, scaling), {
      member: plan.member,
      metadata: {
        runId: run.runId,
        label: plan.label,
        view: plan.view,
        trainingSetDigest: made.set.digest,
      },
    });
    // Answers the same bits and is smaller; what XGBoost answers is compared with this file and no other.
    const { bytes } = rewriteModel(built, [foldConstants(), removeDeadCode(), pruneTrees()]);
    const later = rowsOf(set, { begin: split.validation.begin, end: split.holdout.end });
    const margins = await this.booster.predict(json, later, 'margin');
    const answers = scoreAll(scorerOf(bytes), later);
    const largestDifference = answers.reduce((largest, answer, row) => {
      const margin = margins[row] ?? Number.NaN;
      return Math.max(
        largest,
        Math.abs(answer - (raw.link === 'sigmoid' ? calibrated(margin, scaling) : margin)),
      );
    }, 0);
    const object = await this.put(run, 'model.onnx', bytes);
    return { ...object, bytes: bytes.length, rows: later.rows, largestDifference };
  }

  /** Judges the file itself, on rows that no step before has seen. */
  private async validate(
    run: Run,
    split: Result<'split'>,
    model: Result<'onnx'>,
  ): Promise<Result<'validation'>> {
    const { plan } = run.training.plan;
    const set = await run.set();
    const holdout = rowsOf(set, split.holdout);
    const probabilities = scoreAll(scorerOf(await this.objects.get(model.key)), holdout);
    const metrics = {
      ...evaluateHoldout(
        {
          labels: holdout.label,
          probabilities,
          systemIds: set.systemIds.slice(split.holdout.begin, split.holdout.end),
        },
        plan.costs,
      ),
      onnx_largest_difference: model.largestDifference,
    };
    const positives = holdout.label.reduce((sum, label) => sum + (label === 1 ? 1 : 0), 0);
    const judged = judgeModel({ rows: holdout.rows, positives, metrics }, plan.validation);
    return {
      rows: holdout.rows,
      positives,
      metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value ?? null])),
      evidence: [...judged],
      validated: passes(judged),
    };
  }

  private async profile(
    run: Run,
    split: Result<'split'>,
    model: Result<'onnx'>,
  ): Promise<Result<'reference'>> {
    const set = await run.set();
    const learned = rowsOf(set, split.train);
    const features: Record<string, ReferenceProfile['prediction']> = {};
    for (const [column, name] of set.featureNames.entries()) {
      features[name] = freezeColumn(learned.values, learned.rows, learned.columns, column);
      // Sorting a column takes milliseconds; requests get their turn between two of them.
      await nextTurn();
    }
    const later = rowsOf(set, { begin: split.validation.begin, end: split.holdout.end });
    const profile: ReferenceProfile = {
      modelRunId: run.runId,
      rows: learned.rows,
      features,
      prediction: freezeHistogram(scoreAll(scorerOf(await this.objects.get(model.key)), later)),
    };
    return this.putJson(run, 'reference.json', profile);
  }

  private async succeed(
    run: Run,
    made: {
      set: Result<'training-set'>;
      trees: Result<'train'>;
      calibration: Result<'calibration'>;
      model: Result<'onnx'>;
      verdict: Result<'validation'>;
      artifacts: Result<'store'>['artifacts'];
    },
  ): Promise<void> {
    const { training } = run;
    const { plan, version } = training.plan;
    const { set, trees, model, verdict } = made;
    const at = this.clock.now();
    const trained = pending(ModelTrained, {
      id: deterministicId(training.id, 'model-trained'),
      time: at,
      payload: {
        trainingId: training.id,
        runId: run.runId,
        modelName: training.modelName,
        digest: model.digest,
        artifactKey: model.key,
        artifacts: made.artifacts,
        featureNames: set.featureNames,
        members: [{ name: plan.member, kind: 'trees' }],
        label: plan.label,
        parameters: flatParameters(plan, {
          plan_version: version,
          best_rounds: trees.rounds,
          calibration: made.calibration.method,
        }),
        metrics: verdict.metrics,
        trainingSet: {
          digest: set.digest,
          rows: set.rows,
          positives: set.positives,
          from: set.from,
          to: set.to,
        },
        validated: verdict.validated,
        evidence: verdict.evidence,
        library: trees.library,
        startedAt: (training.startedAt ?? training.requestedAt).toISOString(),
        finishedAt: at.toISOString(),
        reason: training.reason,
      },
      causationIds: [training.requestFactId],
    });
    await this.trainings.finish(training.id, {
      state: 'succeeded',
      at,
      validated: verdict.validated,
      facts: [trained],
    });
    this.logger.info(
      {
        trainingId: training.id,
        validated: verdict.validated,
        rocAuc: verdict.metrics['roc_auc'],
        library: trees.library,
      },
      'Model trained',
    );
  }

  private async end(run: Run, error: unknown): Promise<void> {
    const { training } = run;
    const cancelled = run.wasCancelled;
    const retryable = isAppError(error) && error.retryable;
    const at = this.clock.now();
    if (!cancelled && retryable && run.attempts < maxAttempts) {
      const attempt = run.attempts + 1;
      const next = new Date(at.getTime() + retryDelayMs(attempt));
      this.logger.warn(
        { trainingId: training.id, step: run.current, attempt, next, error: describeError(error) },
        'A step did not succeed; it is tried again',
      );
      await this.trainings.retryLater(training.id, attempt, next);
      return;
    }
    const failure = {
      step: run.current,
      code: cancelled ? 'TRAINER_TRAINING_CANCELLED' : isAppError(error) ? error.code : 'TRAINER_STEP_BROKEN',
      message: cancelled ? 'Somebody cancelled the training' : describeError(error),
    };
    const failed = pending(TrainingFailed, {
      id: deterministicId(training.id, 'training-failed'),
      time: at,
      payload: {
        trainingId: training.id,
        modelName: training.modelName,
        ...failure,
        failedAt: at.toISOString(),
      },
      causationIds: [training.requestFactId],
    });
    await this.trainings.finish(training.id, {
      state: cancelled ? 'cancelled' : 'failed',
      at,
      failure,
      facts: [failed],
    });
    this.logger.warn({ trainingId: training.id, ...failure }, 'Training ended without a model');
  }

  private async put(run: Run, name: string, bytes: Uint8Array): Promise<z.output<typeof stored>> {
    const key = `models/${run.training.modelName}/${run.runId}/${name}`;
    const { digest } = await this.objects.put(key, bytes);
    return { key, digest };
  }

  private putJson(run: Run, name: string, value: unknown): Promise<z.output<typeof stored>> {
    return this.put(run, name, Buffer.from(JSON.stringify(value)));
  }
}

/** What one execution holds: results of before, the set in memory, the way to stop. */
class Run {
  current: StepName | 'start' = 'start';
  attempts: number;
  readonly signal: AbortSignal;
  private reference: unknown;
  private loaded: Promise<TrainingSet> | undefined;
  private writing: Promise<void> | undefined;
  private lastWritten = Number.NEGATIVE_INFINITY;

  constructor(
    readonly training: Training,
    private readonly trainings: TrainingRepository,
    private readonly trainingSets: TrainingSets,
    private readonly clock: Clock,
    private readonly control: RunControl,
    private readonly done: ReadonlyMap<StepName, unknown>,
  ) {
    this.attempts = training.attempts;
    this.signal = AbortSignal.any([control.cancelled.signal, control.shutdown]);
  }

  /** As MLflow writes run ids: 32 hexadecimal digits. */
  get runId(): string {
    return this.training.id.replaceAll('-', '');
  }

  get wasCancelled(): boolean {
    return this.control.cancelled.signal.aborted;
  }

  async step<Name extends StepName>(name: Name, work: () => Promise<Result<Name>>): Promise<Result<Name>> {
    this.current = name;
    const schema = results[name] as unknown as z.ZodType<Result<Name>>;
    const result = this.done.has(name)
      ? schema.parse(this.done.get(name))
      : await this.perform(name, schema, work);
    if (name === 'training-set') this.reference = result;
    return result;
  }

  /** The training set, read once. */
  set(): Promise<TrainingSet> {
    this.loaded ??= this.trainingSets.read(trainingSetReference.parse(this.reference));
    return this.loaded;
  }

  private async perform<Name extends StepName>(
    name: Name,
    schema: z.ZodType<Result<Name>>,
    work: () => Promise<Result<Name>>,
  ): Promise<Result<Name>> {
    this.signal.throwIfAborted();
    await this.trainings.beginStep(this.training.id, name, this.clock.now());
    const result = schema.parse(await work());
    await this.trainings.endStep(this.training.id, name, result, this.clock.now());
    this.attempts = 0;
    return result;
  }

  report(progress: RoundProgress): void {
    const now = this.clock.now().getTime();
    if (this.writing !== undefined || now - this.lastWritten < progressEveryMs) return;
    this.lastWritten = now;
    this.writing = this.trainings
      .progress(this.training.id, progress)
      .then(
        ({ cancelRequested }) => {
          if (cancelRequested) this.control.cancelled.abort();
        },
        // Progress is told again a second later; the training does not depend on it.
        () => undefined,
      )
      .finally(() => (this.writing = undefined));
  }

  async reported(): Promise<void> {
    await this.writing;
  }
}

function rowsOf(set: TrainingSet, { begin, end }: Part): LabelledRows {
  const columns = set.featureNames.length;
  return {
    values: set.values.slice(begin * columns, end * columns),
    rows: end - begin,
    columns,
    label: set.label.slice(begin, end),
  };
}

function scorerOf(model: Uint8Array): TreeScorer {
  const { trees } = checkModel(model);
  if (trees === undefined) throw new Error('A model of trees was built and something else was read');
  return compileTrees(trees);
}

function scoreAll(scorer: TreeScorer, rows: LabelledRows): Float32Array {
  const answers = new Float32Array(rows.rows);
  scorer.score(rows.values, rows.rows, answers);
  return answers;
}

function flatParameters(
  plan: TrainingPlan,
  more: Record<string, string | number>,
): Record<string, string | number | boolean> {
  const parameters: Record<string, string | number | boolean> = { rounds: plan.rounds, ...more };
  for (const [name, value] of Object.entries(plan.parameters))
    if (value !== undefined) parameters[name] = Array.isArray(value) ? value.join(',') : value;
  return parameters;
}
