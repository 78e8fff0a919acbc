import { TrainingFailed } from '@headrace/contracts';
import { Clock, describeError, deterministicId, isAppError } from '@headrace/kernel';
import { eventOf } from '@headrace/messaging';
import { ServiceLogger } from '@headrace/service-host';
import { Injectable } from '@nestjs/common';
import { splitByTime } from '../domain/temporal-split.js';
import { isFinished, maxAttempts, retryDelayMs, TrainingCancelledError } from '../domain/training.js';
import { GradientBooster } from './gradient-booster.js';
import { type MadeModel, modelTrainedEvent } from './model-trained-event.js';
import { calibrateMargins } from './steps/calibrate-margins.js';
import { freezeReference } from './steps/freeze-reference.js';
import { makeVariants } from './steps/make-variants.js';
import { searchParameters } from './steps/search-parameters.js';
import { trainTrees } from './steps/train-trees.js';
import { validateModel } from './steps/validate-model.js';
import { writeOnnx } from './steps/write-onnx.js';
import { TrainingRepository } from './training-repository.js';
import { TrainingRuns, type RunControl, type TrainingRun } from './training-run.js';
import { TrainingSets } from './training-sets.js';

/** Makes one model, step by step, and says how it ended. The order of the steps is fixed here and nowhere else. */
@Injectable()
export class RunTraining {
  constructor(
    private readonly runs: TrainingRuns,
    private readonly trainings: TrainingRepository,
    private readonly trainingSets: TrainingSets,
    private readonly booster: GradientBooster,
    private readonly clock: Clock,
    private readonly logger: ServiceLogger,
  ) {}

  async execute(id: string, control: RunControl): Promise<void> {
    const training = await this.trainings.find(id);
    if (training === undefined || isFinished(training.state)) return;
    if (training.cancelRequested) control.cancelled.abort();
    const run = await this.runs.resume(training, control);
    const fields = { trainingId: id, modelName: training.modelName };
    this.logger.info({ ...fields, resumedAfter: run.doneBefore }, 'Training begins');
    try {
      await this.succeed(run, await this.make(run));
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

  private async make(run: TrainingRun): Promise<MadeModel> {
    const { plan } = run;
    const { booster } = this;
    const set = await run.step('training-set', () => this.trainingSets.build(plan.view, plan.label));
    const split = await run.step('split', async () =>
      splitByTime((await run.set()).times, {
        ...plan.split,
        purgeMs: plan.split.purgeSeconds * 1000,
        embargoMs: plan.split.embargoSeconds * 1000,
      }),
    );
    const { search: space, variants: files } = plan;
    const search = space && (await run.step('search', () => searchParameters(run, booster, split, space)));
    const trees = await run.step(
      'train',
      async () => search?.best?.trees ?? (await trainTrees(run, booster, split)),
    );
    const calibration = await run.step('calibration', () => calibrateMargins(run, booster, split, trees));
    const parts = { set, split, ...(search && { search }), trees, calibration };
    const model = await run.step('onnx', () => writeOnnx(run, booster, parts));
    const verdict = await run.step('validation', () => validateModel(run, split, model));
    const variants =
      files && (await run.step('variants', () => makeVariants(run, split, model, verdict, files)));
    const reference = await run.step('reference', () => freezeReference(run, split, model));
    const { artifacts } = await run.step('store', async () => ({
      artifacts: {
        model: { key: model.key, digest: model.digest },
        reference,
        xgboost: { key: trees.key, digest: trees.digest },
        ...(search && { study: search.study }),
        ...Object.fromEntries(
          (variants ?? []).flatMap(({ name, stored }) =>
            stored === null ? [] : [[`variant-${name}`, stored] as const],
          ),
        ),
        run: await run.putJson('run.json', {
          plan,
          version: run.training.plan.version,
          ...parts,
          verdict,
          ...(variants && { variants }),
        }),
      },
    }));
    return { ...parts, model, verdict, ...(variants && { variants }), artifacts };
  }

  private async succeed(run: TrainingRun, made: MadeModel): Promise<void> {
    const { id } = run.training;
    const { validated, metrics } = made.verdict;
    const at = this.clock.now();
    await this.trainings.finish(id, {
      state: 'succeeded',
      at,
      validated,
      events: [modelTrainedEvent(run, made, at)],
    });
    const { library } = made.trees;
    this.logger.info({ trainingId: id, validated, rocAuc: metrics['roc_auc'], library }, 'Model trained');
  }

  private async end(run: TrainingRun, error: unknown): Promise<void> {
    const { training, wasCancelled } = run;
    const at = this.clock.now();
    if (!wasCancelled && isAppError(error) && error.retryable && run.attempts < maxAttempts) {
      const attempt = run.attempts + 1;
      const next = new Date(at.getTime() + retryDelayMs(attempt));
      this.logger.warn(
        { trainingId: training.id, step: run.current, attempt, next, error: describeError(error) },
        'A step did not succeed; it is tried again',
      );
      await this.trainings.retryLater(training.id, attempt, next);
      return;
    }
    const cause = wasCancelled ? new TrainingCancelledError('Somebody cancelled the training') : error;
    const failure = {
      step: run.current,
      code: isAppError(cause) ? cause.code : 'TRAINER_STEP_BROKEN',
      message: describeError(cause),
    };
    const state = wasCancelled ? 'cancelled' : 'failed';
    const failed = eventOf(TrainingFailed, {
      id: deterministicId(training.id, 'training-failed'),
      time: at,
      payload: {
        trainingId: training.id,
        modelName: training.modelName,
        ...failure,
        failedAt: at.toISOString(),
        runId: run.runId,
        outcome: state,
        startedAt: (training.startedAt ?? training.requestedAt).toISOString(),
      },
      causationIds: [training.requestFactId],
    });
    await this.trainings.finish(training.id, {
      state,
      at,
      failure,
      events: [failed],
    });
    this.logger.warn({ trainingId: training.id, ...failure }, 'Training ended without a model');
  }
}
