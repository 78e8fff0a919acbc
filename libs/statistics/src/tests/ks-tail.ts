import { kolmogorovTail } from '../samples/special-functions.js';

/**
 * The chance that two samples of n and m values of one continuous distribution are `distance` or more apart: Kolmogorov's
 * limit at (r + 0.12 + 0.11 / r) D with r^2 = n m / (n + m). The sizes need not be whole: they may be worths.
 *
 * @see Stephens (1970), Use of the Kolmogorov-Smirnov statistics without extensive tables
 */
export function ksTail(distance: number, n: number, m: number): number {
  const root = Math.sqrt((n * m) / (n + m));
  return kolmogorovTail((root + 0.12 + 0.11 / root) * distance);
}
