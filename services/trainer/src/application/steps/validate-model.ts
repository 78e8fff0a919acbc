import { judgeModel, passes } from '../../domain/judge-model.js';
import { storedNumbers, type StepResult } from '../step-results.js';
import { type TrainingRun } from '../training-run.js';
import { evaluateOnHoldout } from './evaluate-on-holdout.js';

/** Judges the file itself, on rows that no step before has seen. */
export async function validateModel(
  run: TrainingRun,
  split: StepResult<'split'>,
  model: StepResult<'onnx'>,
): Promise<StepResult<'validation'>> {
  const holdout = await evaluateOnHoldout(run, split, await run.get(model));
  const metrics = { ...holdout.metrics, onnx_largest_difference: model.largestDifference ?? undefined };
  const judged = judgeModel({ ...holdout, metrics }, run.plan.validation);
  return {
    rows: holdout.rows,
    positives: holdout.positives,
    metrics: storedNumbers(metrics),
    evidence: [...judged],
    validated: passes(judged),
  };
}
