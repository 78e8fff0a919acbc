import { type TreeEnsemble } from './tree-ensemble.js';

/**
 * A model of several classes: the margin of each, as readXgboostClasses reads them, and what it answers. The share of a class
 * is its part in the softmax of the margins.
 */
export interface TreeClasses {
  readonly featureNames: readonly string[];
  /** One ensemble a class, with the identity link. */
  readonly margins: readonly TreeEnsemble[];
  /** Every output is the sum of the shares of these classes. */
  readonly outputs: readonly { readonly name: string; readonly classes: readonly number[] }[];
}

/** The trees of all classes, for `proofRows`. */
export function collectTrees({
  featureNames,
  margins,
}: TreeClasses): Pick<TreeEnsemble, 'featureNames' | 'trees'> {
  return { featureNames, trees: margins.flatMap(({ trees }) => trees) };
}

/**
 * Replaces margins by their shares, in the steps of XGBoost: exponentials of float32 differences from the largest, divided by
 * their sum, which is one of doubles rounded once. Shares of large differences are 0, never NaN.
 */
export function softmax(margins: Float32Array): void {
  let max = -Infinity;
  for (const margin of margins) max = Math.max(max, margin);
  let sum = 0;
  for (const [index, margin] of margins.entries()) {
    const power = Math.fround(Math.exp(Math.fround(margin - max)));
    margins[index] = power;
    sum += power;
  }
  const divisor = Math.fround(sum);
  for (const [index, power] of margins.entries()) margins[index] = power / divisor;
}
