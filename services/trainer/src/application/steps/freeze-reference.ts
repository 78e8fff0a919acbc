import { setImmediate as nextTurn } from 'node:timers/promises';
import { freezeHistogram } from '@headrace/statistics';
import { freezeColumn, type ReferenceProfile } from '../../domain/reference-profile.js';
import { type StepResult } from '../step-results.js';
import { type TrainingRun } from '../training-run.js';
import { labelledRowsOf } from './labelled-rows-of.js';
import { scoreRows } from './score-rows.js';

/** Stores what drift will compare with. */
export async function freezeReference(
  run: TrainingRun,
  split: StepResult<'split'>,
  model: StepResult<'onnx'>,
): Promise<StepResult<'reference'>> {
  const set = await run.set();
  const learned = labelledRowsOf(set, split.train);
  const features: Record<string, ReferenceProfile['prediction']> = {};
  for (const [column, name] of set.featureNames.entries()) {
    features[name] = freezeColumn(learned.values, learned.rows, learned.columns, column);
    // Sorting a column takes milliseconds; requests get their turn between two of them.
    await nextTurn();
  }
  const later = labelledRowsOf(set, { begin: split.validation.begin, end: split.holdout.end });
  const profile: ReferenceProfile = {
    modelRunId: run.runId,
    rows: learned.rows,
    features,
    prediction: freezeHistogram(scoreRows(await run.get(model), later)),
  };
  return run.putJson('reference.json', profile);
}
