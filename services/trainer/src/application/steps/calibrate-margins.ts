import { fitPlatt } from '../../domain/platt-scaling.js';
import { type GradientBooster } from '../gradient-booster.js';
import { type StepResult } from '../step-results.js';
import { type TrainingRun } from '../training-run.js';
import { labelledRowsOf } from './labelled-rows-of.js';

/** Fits on rows that the trees did not learn from: on their own they are surer than they will ever be again. */
export async function calibrateMargins(
  run: TrainingRun,
  booster: GradientBooster,
  split: StepResult<'split'>,
  trees: StepResult<'train'>,
): Promise<StepResult<'calibration'>> {
  const { plan } = run;
  if (plan.calibration === 'none') return { method: 'none', reason: 'the plan wants none' };
  if (plan.parameters.objective !== 'binary:logistic') {
    return { method: 'none', reason: `${plan.parameters.objective} answers no probability` };
  }
  const validation = labelledRowsOf(await run.set(), split.validation);
  const margins = await booster.predict(await run.get(trees), validation, 'margin');
  const scaling = fitPlatt(validation.label, margins);
  if (scaling === undefined) {
    return {
      method: 'none',
      reason: `${validation.rows} rows of validation do not determine a calibration`,
    };
  }
  return { method: 'platt', ...scaling };
}
