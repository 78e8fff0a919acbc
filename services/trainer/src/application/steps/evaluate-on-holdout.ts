import { evaluateHoldout } from '../../domain/evaluate-holdout.js';
import { type HoldoutResult } from '../../domain/judge-model.js';
import { type StepResult } from '../step-results.js';
import { type TrainingRun } from '../training-run.js';
import { labelledRowsOf } from './labelled-rows-of.js';
import { scoreRows } from './score-rows.js';

/** All metrics of a model's file on rows that no step before the validation has seen. */
export async function evaluateOnHoldout(
  run: TrainingRun,
  { holdout: part }: StepResult<'split'>,
  model: Uint8Array,
): Promise<HoldoutResult> {
  const set = await run.set();
  const holdout = labelledRowsOf(set, part);
  return {
    rows: holdout.rows,
    positives: holdout.label.reduce((sum, label) => sum + (label === 1 ? 1 : 0), 0),
    metrics: evaluateHoldout(
      {
        labels: holdout.label,
        probabilities: scoreRows(model, holdout),
        systemIds: set.systemIds.slice(part.begin, part.end),
      },
      run.plan.costs,
    ),
  };
}

/** A stored result as it was judged. */
export function holdoutOf({ rows, positives, metrics }: StepResult<'validation'>): HoldoutResult {
  return {
    rows,
    positives,
    metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value ?? undefined])),
  };
}
