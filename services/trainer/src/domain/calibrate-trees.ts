import { type TreeEnsemble } from '@headrace/onnx';
import { type PlattScaling } from './platt-scaling.js';

/**
 * Folds Platt's scaling into the trees: every leaf times the slope, plus the intercept at the end. The calibrated model
 * is an ordinary tree ensemble again, so whatever serves trees serves it, at no cost.
 */
export function calibrateTrees(ensemble: TreeEnsemble, scaling: PlattScaling): TreeEnsemble {
  return {
    ...ensemble,
    trees: ensemble.trees.map((tree) => ({
      ...tree,
      value: tree.value.map((value) => value * scaling.slope),
    })),
    offset: Math.fround(ensemble.offset * scaling.slope + scaling.intercept),
  };
}

/** What the calibrated model answers for a margin of the uncalibrated one. */
export function calibrated(margin: number, scaling: PlattScaling | undefined): number {
  const scaled = scaling === undefined ? margin : scaling.slope * margin + scaling.intercept;
  return 1 / (1 + Math.exp(-scaled));
}
