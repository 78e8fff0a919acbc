import { finiteOrNull } from '@headrace/kernel';
import {
  buildTreeModel,
  foldConstants,
  pruneTrees,
  readXgboost,
  removeDeadCode,
  rewriteModel,
} from '@headrace/onnx';
import { calibrated, calibrateTrees } from '../../domain/calibrate-trees.js';
import { type GradientBooster } from '../gradient-booster.js';
import { type StepResult } from '../step-results.js';
import { type TrainingRun } from '../training-run.js';
import { labelledRowsOf } from './labelled-rows-of.js';
import { scoreRows } from './score-rows.js';

/** What the file of the model is made of. */
export interface ModelParts {
  readonly set: StepResult<'training-set'>;
  readonly split: StepResult<'split'>;
  readonly search?: StepResult<'search'>;
  readonly trees: StepResult<'train'>;
  readonly calibration: StepResult<'calibration'>;
}

/** Builds the file that will be served, and compares what it answers with what XGBoost answers. */
export async function writeOnnx(
  run: TrainingRun,
  booster: GradientBooster,
  parts: ModelParts,
): Promise<StepResult<'onnx'>> {
  const { split, trees, calibration } = parts;
  const { plan } = run;
  const set = await run.set();
  const json = await run.get(trees);
  const raw = readXgboost(json, set.featureNames);
  const scaling = calibration.method === 'platt' ? calibration : undefined;
  const built = buildTreeModel(scaling === undefined ? raw : calibrateTrees(raw, scaling), {
    member: plan.member,
    metadata: {
      runId: run.runId,
      label: plan.label,
      view: plan.view,
      trainingSetDigest: parts.set.digest,
    },
  });
  // Answers the same bits and is smaller; what XGBoost answers is compared with this file and no other.
  const { bytes } = rewriteModel(built, [foldConstants(), removeDeadCode(), pruneTrees()]);
  const later = labelledRowsOf(set, { begin: split.validation.begin, end: split.holdout.end });
  const margins = await booster.predict(json, later, 'margin');
  const answers = scoreRows(bytes, later);
  const largestDifference = answers.reduce((largest, answer, row) => {
    const margin = margins[row] ?? Number.NaN;
    return Math.max(
      largest,
      Math.abs(answer - (raw.link === 'sigmoid' ? calibrated(margin, scaling) : margin)),
    );
  }, 0);
  const object = await run.put('model.onnx', bytes);
  return {
    ...object,
    bytes: bytes.length,
    rows: later.rows,
    largestDifference: finiteOrNull(largestDifference),
  };
}
