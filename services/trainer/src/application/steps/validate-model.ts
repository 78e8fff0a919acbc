import { evaluateHoldout } from '../../domain/evaluate-holdout.js';
import { judgeModel, passes } from '../../domain/judge-model.js';
import { type StepResult } from '../step-results.js';
import { type TrainingRun } from '../training-run.js';
import { labelledRowsOf } from './labelled-rows-of.js';
import { scoreRows } from './score-rows.js';

/** Judges the file itself, on rows that no step before has seen. */
export async function validateModel(
  run: TrainingRun,
  split: StepResult<'split'>,
  model: StepResult<'onnx'>,
): Promise<StepResult<'validation'>> {
  const { plan } = run;
  const set = await run.set();
  const holdout = labelledRowsOf(set, split.holdout);
  const metrics = {
    ...evaluateHoldout(
      {
        labels: holdout.label,
        probabilities: scoreRows(await run.get(model), holdout),
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
