import { assertOpenShare } from '../samples/assert-parameter.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { type Moments } from '../samples/moments.js';
import { type Interval } from '../tests/proportions.js';

export interface MeanSequenceOptions {
  /**
   * The maximum distance between two values, where it is known. The variance is then at least that of one row at this
   * distance: rows that have all been equal so far do not prove that the next one will be.
   */
  readonly span?: number;
  /**
   * Lower limit of the variance if the mean equals the value that the interval is compared with. When large values are rare, few
   * rows often contain none of them, and their sample variance makes the interval too narrow for its level.
   */
  readonly minVariance?: number;
  /** Rows for which the interval is tightest; it holds for every number of rows. Default 500. */
  readonly tightestAt?: number;
}

/**
 * Interval for a mean that holds at all times simultaneously: the data may be inspected after every row and stopped at any time:
 *
 *   mean +- s sqrt(2 (n r^2 + 1) / (n^2 r^2) ln(sqrt(n r^2 + 1) / alpha)),  r^2 = (-2 ln alpha + ln(-2 ln alpha + 1)) / tightestAt
 *
 * with the sample's standard deviation s. Asymptotic: its guarantee needs some dozens of rows, more with heavy tails. Undefined
 * below two rows, and for rows that do not vary unless `span` limits how far away the next one can be. Assumes independent rows.
 *
 * @see Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2024), Time-uniform central limit theory and asymptotic confidence
 * sequences, Annals of Statistics 52
 */
export function meanConfidenceSequence(
  { count, mean, squares }: Moments,
  confidence = 0.95,
  { span = 0, minVariance = 0, tightestAt = 500 }: MeanSequenceOptions = {},
): Interval | undefined {
  assertOpenShare('Confidence', confidence);
  if (!(tightestAt >= 1 && tightestAt < Infinity)) {
    throw new InvalidSampleError(`tightestAt must be a finite number of at least 1 row, got ${tightestAt}`);
  }
  if (!(span >= 0 && span < Infinity)) {
    throw new InvalidSampleError(`The span must be finite and not negative, got ${span}`);
  }
  if (!(minVariance >= 0 && minVariance < Infinity)) {
    throw new InvalidSampleError(`The minimum variance must be finite and not negative, got ${minVariance}`);
  }
  if (count < 2) return undefined;
  const variance = Math.max(squares / (count - 1), (span / count) ** 2, minVariance);
  if (variance === 0) return undefined;
  const doubt = -2 * Math.log1p(-confidence);
  const perRow = (doubt + Math.log1p(doubt)) / tightestAt;
  const scale = count * perRow + 1;
  // ln(sqrt(scale) / alpha), twice.
  const width = Math.sqrt(variance * (scale / (count * count * perRow)) * (Math.log(scale) + doubt));
  return { low: mean - width, high: mean + width };
}
