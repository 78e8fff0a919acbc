import { areLabelledScores } from '../samples/paired-samples.js';

/** How thresholded scores meet the labels. */
export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

/**
 * Counts how often a score above `threshold` (strictly; default 0.5) meets a label of 1. Undefined when a value is not
 * finite; no rows are four zeros, of which every ratio is undefined.
 */
export function confusion(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  threshold = 0.5,
): Confusion | undefined {
  if (labels.length > 0 && !areLabelledScores(labels, scores)) return undefined;
  let [truePositives, falsePositives, trueNegatives, falseNegatives] = [0, 0, 0, 0];
  for (let row = 0; row < labels.length; row += 1) {
    const positive = (scores[row] as number) > threshold;
    if (labels[row] === 1) {
      if (positive) truePositives += 1;
      else falseNegatives += 1;
    } else if (positive) falsePositives += 1;
    else trueNegatives += 1;
  }
  return { truePositives, falsePositives, trueNegatives, falseNegatives };
}

/** A share, or undefined where there was nothing to take it of. */
const share = (part: number, whole: number): number | undefined => (whole > 0 ? part / whole : undefined);

/** (TP + TN) / all. Undefined without rows. */
export function accuracy(counts: Confusion | undefined): number | undefined {
  if (!counts) return undefined;
  const right = counts.truePositives + counts.trueNegatives;
  return share(right, right + counts.falsePositives + counts.falseNegatives);
}

/** TP / (TP + FP): of what was predicted positive, how much was. Undefined when nothing was predicted positive. */
export function precision(counts: Confusion | undefined): number | undefined {
  return counts && share(counts.truePositives, counts.truePositives + counts.falsePositives);
}

/** TP / (TP + FN): of what was positive, how much was predicted. Undefined when nothing was positive. */
export function recall(counts: Confusion | undefined): number | undefined {
  return counts && share(counts.truePositives, counts.truePositives + counts.falseNegatives);
}

/** 2TP / (2TP + FP + FN), the harmonic mean of precision and recall. Undefined when neither label nor prediction is positive. */
export function f1(counts: Confusion | undefined): number | undefined {
  if (!counts) return undefined;
  const twice = 2 * counts.truePositives;
  return share(twice, twice + counts.falsePositives + counts.falseNegatives);
}

/** FP / (FP + TN): how often quiet is called an incident. Undefined when nothing was negative. */
export function falsePositiveRate(counts: Confusion | undefined): number | undefined {
  return counts && share(counts.falsePositives, counts.falsePositives + counts.trueNegatives);
}

/** The share of alerts that were worth waking up for: precision under its operational name. */
export function alertPrecision(counts: Confusion | undefined): number | undefined {
  return precision(counts);
}
