import { type ColumnCount } from './drift-window.js';

/**
 * Estimates how many independent rows the rows of a column are worth. Consecutive readings of a system are correlated, and
 * slow features (a mean over an hour) hardly move between two of them: a thousand rows of twenty systems may carry no more
 * information than twenty. A test that counts them as a thousand finds drift in every window.
 *
 * Estimated from the window itself, as the correlation of a row's bin with the bin of the previous row of the same system
 * (von Neumann):
 *
 *   rho = 1 - mean squared step / (2 * variance of the bins),  worth = rows * (1 - rho) / (1 + rho)
 *
 * as for the mean of an autoregressive chain, and never fewer than there are systems. A column that stays in one bin gives
 * no estimate of the correlation: it counts one row per system, unless the reference has a single bin, too (a constant),
 * where each row is independent evidence.
 */
export function countIndependentRows(
  column: ColumnCount,
  systems: number,
  referenceCounts: readonly number[],
): number {
  const rows = column.counts.reduce((sum, count) => sum + count, 0);
  if (rows === 0) return 0;
  if (referenceCounts.filter((count) => count > 0).length <= 1 || column.followed === 0) return rows;
  const minRows = Math.min(rows, Math.max(1, systems));
  const mean = column.counts.reduce((sum, count, bin) => sum + count * bin, 0) / rows;
  const variance = column.counts.reduce((sum, count, bin) => sum + count * (bin - mean) ** 2, 0) / rows;
  if (variance === 0) return minRows;
  const correlation = Math.min(1, Math.max(0, 1 - column.squaredSteps / column.followed / (2 * variance)));
  return Math.max(minRows, (rows * (1 - correlation)) / (1 + correlation));
}
