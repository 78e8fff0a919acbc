/** Sufficient statistics of a mean. */
export interface Moments {
  readonly rows: number;
  readonly sum: number;
  readonly squares: number;
}

export const noMoments: Moments = { rows: 0, sum: 0, squares: 0 };

export function addTo(moments: Moments, value: number): Moments {
  return { rows: moments.rows + 1, sum: moments.sum + value, squares: moments.squares + value * value };
}

/** Rows for which the width is smallest; the sequence holds for every number of rows. */
const tightestAt = 500;

/**
 * Interval for a mean that holds at all times at once, so that one may look after every row:
 *
 *   mean +- s sqrt(2 (n r^2 + 1) / (n^2 r^2) ln(sqrt(n r^2 + 1) / alpha))
 *
 * with the sample's standard deviation s and r chosen for `tightestAt` rows. Asymptotic: its guarantee needs some dozens
 * of rows; below two rows, nothing is known. A sample without any variance gets that of one row that lies `span` away,
 * because rows that have all been equal so far do not prove that the next one is. `span` is the largest distance between
 * two values, in the unit of the values. Assumes independent rows.
 *
 * @see Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2024), Time-uniform central limit theory and asymptotic
 * confidence sequences, Annals of Statistics 52
 */
export function meanConfidenceSequence(
  { rows, sum, squares }: Moments,
  confidence: number,
  span = 1,
): { readonly mean: number; readonly low: number; readonly high: number } | undefined {
  if (rows < 2) return undefined;
  const alpha = 1 - confidence;
  const mean = sum / rows;
  const variance = Math.max((squares - rows * mean * mean) / (rows - 1), (span / rows) ** 2);
  const rho = Math.sqrt((-2 * Math.log(alpha) + Math.log(-2 * Math.log(alpha) + 1)) / tightestAt);
  const scale = rows * rho * rho + 1;
  const width = Math.sqrt(
    variance * ((2 * scale) / (rows * rows * rho * rho)) * Math.log(Math.sqrt(scale) / alpha),
  );
  return { mean, low: mean - width, high: mean + width };
}
