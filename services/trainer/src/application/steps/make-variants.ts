import { setImmediate as nextTurn } from 'node:timers/promises';
import { finiteOrNull } from '@headrace/kernel';
import { measureChange, rewriteModel, shrinkTrees, type ModelRows } from '@headrace/onnx';
import { judgeVariant } from '../../domain/judge-variant.js';
import { storedNumbers, type StepResult } from '../step-results.js';
import { type TrainingRun } from '../training-run.js';
import { type VariantsPlan } from '../variants-plan.js';
import { evaluateOnHoldout, holdoutOf } from './evaluate-on-holdout.js';
import { labelledRowsOf } from './labelled-rows-of.js';
import { scoreRows } from './score-rows.js';

/**
 * Makes the smaller files that the plan wants and says what each costs: size, the largest change of an answer on rows that
 * the model did not learn from, its metrics beside the exact model's. Those that lose more than the plan allows are told
 * and not stored. The exact file stays the one that is served: the hold-out has judged it, and choosing among variants
 * looks at the hold-out again.
 */
export async function makeVariants(
  run: TrainingRun,
  split: StepResult<'split'>,
  model: StepResult<'onnx'>,
  verdict: StepResult<'validation'>,
  wanted: VariantsPlan,
): Promise<StepResult<'variants'>> {
  const content = await run.get(model);
  const exact = { bytes: content.length, holdout: holdoutOf(verdict) };
  const later = labelledRowsOf(await run.set(), { begin: split.validation.begin, end: split.holdout.end });
  const rows: ModelRows = {
    rows: later.rows,
    inputs: { features: { values: later.values, shape: [later.rows, later.columns] } },
  };
  const made: StepResult<'variants'> = [];
  for (const { name, rewrite, maxMarginChange } of wanted.files) {
    const rewritten = rewriteModel(content, [shrinkTrees({ maxMarginChange })]);
    const change = await measureChange(content, rewritten, rows, (bytes) =>
      Promise.resolve({ probability: scoreRows(bytes, later) }),
    );
    const { bytes } = rewritten;
    const holdout = await evaluateOnHoldout(run, split, bytes);
    const { minRows, minPositives } = run.plan.validation;
    const { criteria } = wanted;
    const judged = judgeVariant(exact, { bytes: bytes.length, holdout }, { minRows, minPositives, criteria });
    made.push({
      name,
      rewrite,
      maxMarginChange,
      bytesBefore: change.bytesBefore,
      bytes: change.bytesAfter,
      changes: { ...rewritten.steps[0]?.changes },
      rows: change.rows,
      largestOutputChange: finiteOrNull(change.maxOutputChange),
      meanOutputChange: finiteOrNull(change.meanOutputChange),
      metrics: storedNumbers(holdout.metrics),
      outcome: judged.outcome,
      evidence: [...judged.evidence],
      stored: judged.outcome === 'kept' ? await run.put(`variants/${name}.onnx`, bytes) : null,
    });
    // A rewrite takes tens of milliseconds; requests get their turn between two of them.
    await nextTurn();
  }
  return made;
}
