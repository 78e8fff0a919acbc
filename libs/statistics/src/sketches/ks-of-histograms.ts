import { comparableShares } from '../histograms/comparable-shares.js';
import { type FrozenHistogram } from '../histograms/frozen-histogram.js';
import { gapOfCounts } from '../tests/gap-of-counts.js';
import { type SketchedKs } from './ks-of-sketches.js';
import { ksTail } from '../tests/ks-tail.js';

/**
 * Kolmogorov-Smirnov test of two histograms over the same borders: the distance looked at on the borders only, so it is
 * never above that of the raw samples and its p-value is conservative; `most` is what the rows inside the bins could make
 * of it at worst. Needs no raw value and merges over windows.
 *
 * `rows` says how many independent rows each side is worth (default: the counted ones); rows that repeat each other,
 * as consecutive readings do, are worth fewer. Undefined when one side has no value.
 */
export function ksOfHistograms(
  reference: FrozenHistogram,
  current: FrozenHistogram,
  rows?: readonly [number, number],
): SketchedKs | undefined {
  const gap = comparableShares(reference, current) && gapOfCounts(reference.counts, current.counts);
  if (!gap) return undefined;
  const [n, m] = rows ?? [reference.total - reference.missing, current.total - current.missing];
  return { statistic: gap.least, least: gap.least, most: gap.most, pValue: ksTail(gap.least, n, m) };
}
