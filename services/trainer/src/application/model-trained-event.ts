import { ModelTrained } from '@headrace/contracts';
import { deterministicId } from '@headrace/kernel';
import { eventOf, type PendingEvent } from '@headrace/messaging';
import { trialParameters } from './search-plan.js';
import { type StepResult } from './step-results.js';
import { type TrainingPlan } from './training-plan.js';
import { type TrainingRun } from './training-run.js';
import { type ModelParts } from './steps/write-onnx.js';

export interface MadeModel extends ModelParts {
  readonly model: StepResult<'onnx'>;
  readonly verdict: StepResult<'validation'>;
  readonly variants?: StepResult<'variants'>;
  readonly artifacts: StepResult<'store'>['artifacts'];
}

/** The fact that hands a model over to the registry. */
export function modelTrainedEvent(run: TrainingRun, made: MadeModel, at: Date): PendingEvent {
  const { training, plan } = run;
  const { set, trees, calibration, model, verdict } = made;
  return eventOf(ModelTrained, {
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
      parameters: flatParameters(plan, made.search, {
        plan_version: training.plan.version,
        best_rounds: trees.rounds,
        calibration: calibration.method,
      }),
      metrics: { ...verdict.metrics, ...variantMetrics(made.variants ?? []) },
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
}

/** What XGBoost was given, flat, with what the search and the plan add to it. */
function flatParameters(
  { parameters, search: wanted, rounds }: TrainingPlan,
  search: StepResult<'search'> | undefined,
  more: Record<string, string | number>,
): Record<string, string | number | boolean> {
  const best = search?.best ?? undefined;
  const used =
    wanted === undefined || best === undefined
      ? parameters
      : trialParameters(wanted, parameters, { number: best.trial, parameters: best.parameters });
  const flat: Record<string, string | number | boolean> = { rounds, ...more };
  if (search !== undefined) flat['search_trials'] = Object.values(search.trials).reduce((a, b) => a + b);
  if (best !== undefined) flat['search_best_trial'] = best.trial;
  for (const [name, value] of Object.entries(used)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return flat;
}

/** Size and losses of the variants that were kept, beside the metrics of the model itself. */
function variantMetrics(variants: StepResult<'variants'>): Record<string, number | null> {
  return Object.fromEntries(
    variants
      .filter(({ outcome }) => outcome === 'kept')
      .flatMap(({ name, bytes, largestOutputChange, evidence }) => [
        [`variant_${name}_bytes`, bytes],
        [`variant_${name}_largest_change`, largestOutputChange],
        ...evidence.map(({ criterion, value }) => [`variant_${name}_${criterion}`, value] as const),
      ]),
  );
}
