import { assertOpenShare } from '../samples/assert-parameter.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { type Moments } from '../samples/moments.js';
import { type Interval } from '../tests/proportions.js';

export interface MeanSequenceOptions {
  /**
   * The largest distance between two values, where it is known. A sample then has at least the variance of one row that lies so
   * far away, because rows that have all been equal so far do not prove that the next one is.
   */
  readonly span?: number;
  /**
   * What the variance is at least where the mean is at the value that the interval is held against. Of rare large values few
   * rows often hold none, and their own variance then makes the interval too narrow to hold its level.
   */
  readonly leastVariance?: number;
  /** Rows for which the interval is tightest; it holds for every number of rows. Default 500. */
  readonly tightestAt?: number;
}

/**
 * Interval for a mean that holds at all times at once, so that one may look after every row and stop whenever one likes:
 *
 *   mean +- s sqrt(2 (n r^2 + 1) / (n^2 r^2) ln(sqrt(n r^2 + 1) / alpha)),  r^2 = (-2 ln alpha + ln(-2 ln alpha + 1)) / tightestAt
 *
 * with the sample's standard deviation s. Asymptotic: its guarantee needs some dozens of rows, more with heavy tails. Undefined
 * below two rows, and for rows that do not vary unless `span` says how far the next one can lie. Assumes independent rows.
 *
 * @see Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2024), Time-uniform central limit theory and asymptotic confidence
 * sequences, Annals of Statistics 52
 */
export function meanConfidenceSequence(
  { count, mean, squares }: Moments,
  confidence = 0.95,
  { span = 0, leastVariance = 0, tightestAt = 500 }: MeanSequenceOptions = {},
): Interval | undefined {
  assertOpenShare('Confidence', confidence);
  if (!(tightestAt >= 1 && tightestAt < Infinity)) {
    throw new InvalidSampleError(`The interval is tightest at 1 row or more, got ${tightestAt}`);
  }
  if (!(span >= 0 && span < Infinity)) {
    throw new InvalidSampleError(`A span is a finite number from 0 up, got ${span}`);
  }
  if (!(leastVariance >= 0 && leastVariance < Infinity)) {
    throw new InvalidSampleError(`A least variance is a finite number from 0 up, got ${leastVariance}`);
  }
  if (count < 2) return undefined;
  const variance = Math.max(squares / (count - 1), (span / count) ** 2, leastVariance);
  if (variance === 0) return undefined;
  const doubt = -2 * Math.log1p(-confidence);
  const perRow = (doubt + Math.log1p(doubt)) / tightestAt;
  const scale = count * perRow + 1;
  // ln(sqrt(scale) / alpha), twice.
  const width = Math.sqrt(variance * (scale / (count * count * perRow)) * (Math.log(scale) + doubt));
  return { low: mean - width, high: mean + width };
}
