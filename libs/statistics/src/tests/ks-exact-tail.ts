/**
 * The chance that two samples of n and m values of one continuous distribution are `statistic` or more apart: exact, and to
 * full relative precision also where it is tiny.
 *
 * The order of the pooled sample is a walk from (0, 0) to (n, m) that takes a step to the right with the chance (values of
 * the first sample left) / (values left). The chance of every point is carried forward inside the band
 * |i/n - j/m| < statistic, and what steps out of it is added up; nothing is subtracted, so nothing cancels. Costs
 * 2 n m statistic steps: 10 ms for two samples of 10,000 of one population, 0.2 s where they differ most. Below the smallest
 * number there is, by the bound e exp(-2 nm/(n+m) D^2) of Wei & Dudley, it is 0 at once.
 *
 * @see Hodges (1958), The significance probability of the Smirnov two-sample test; Wei & Dudley (2012), Two-sample
 * Dvoretzky-Kiefer-Wolfowitz inequalities
 */
export function ksExactTail(statistic: number, n: number, m: number): number {
  // The distance times n m is a whole number; half a unit is far beyond its rounding error.
  const reach = Math.floor(statistic * n * m - 1e-7) + 1;
  if (reach <= 0) return 1;
  if ((2 * n * m * statistic * statistic) / (n + m) > 750) return 0;
  // By the values left: one over their number, so that the loop multiplies.
  const perLeft = Float64Array.from({ length: n + m + 2 }, (_, left) => 1 / left);
  const row = new Float64Array(m + 1);
  let [fromLow, fromHigh, tail] = [0, -1, 0];
  for (let i = 0; i <= n; i += 1) {
    const low = Math.max(0, Math.floor((i * m - reach) / n) + 1);
    const high = Math.min(m, Math.ceil((i * m + reach) / n) - 1);
    const rightward = n - i + 1;
    const left = n + m - i + 1;
    for (let j = fromLow; j < low && j <= fromHigh; j += 1) {
      tail += (row[j] as number) * rightward * (perLeft[left - j] as number);
    }
    let before = 0;
    let j = low;
    if (i === 0) {
      row[0] = before = 1;
      j = 1;
    }
    // Points that both a step to the right and a step up lead to, then those that only a step up does.
    for (const both = i === 0 ? 0 : Math.min(high, fromHigh); j <= both; j += 1) {
      before = ((row[j] as number) * rightward + before * (m - j + 1)) * (perLeft[left - j] as number);
      row[j] = before;
    }
    for (; j <= high; j += 1) {
      before *= (m - j + 1) * (perLeft[left - j] as number);
      row[j] = before;
    }
    if (high < m && high >= low) tail += before * (m - high) * (perLeft[left - 1 - high] as number);
    [fromLow, fromHigh] = [low, high];
  }
  return Math.min(1, tail);
}
