import { ModelTrained } from '@headrace/contracts';
import { deterministicId } from '@headrace/kernel';
import { pending, type PendingFact } from '@headrace/messaging';
import { type StepResult } from './step-results.js';
import { type TrainingPlan } from './training-plan.js';
import { type TrainingRun } from './training-run.js';
import { type ModelParts } from './steps/write-onnx.js';

export interface MadeModel extends ModelParts {
  readonly model: StepResult<'onnx'>;
  readonly verdict: StepResult<'validation'>;
  readonly artifacts: StepResult<'store'>['artifacts'];
}

/** The fact that hands a model over to the registry. */
export function modelTrainedFact(run: TrainingRun, made: MadeModel, at: Date): PendingFact {
  const { training, plan } = run;
  const { set, trees, calibration, model, verdict } = made;
  return pending(ModelTrained, {
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
        plan_version: training.plan.version,
        best_rounds: trees.rounds,
        calibration: calibration.method,
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
