import { type ColumnCount } from './drift-window.js';

/**
 * How many independent rows the rows of a column are worth. Readings of one system follow each other and slow features
 * (a mean over an hour) hardly move between two of them: a thousand rows of twenty systems may say no more than twenty.
 * A test that takes them for a thousand finds drift in every window.
 *
 * Measured on the window itself: `changed` of `followed` rows lay in another bin than the system's row before; were rows
 * independent, that would be 1 - sum of squared shares. The rest is the chance rho of a repeat, and a chain that
 * repeats with rho is worth
 *
 *   rows * (1 - rho) / (1 + rho)
 *
 * independent rows, never fewer than there are systems. A column that stays in one bin says nothing about repetition: it
 * counts one row a system, unless the reference has a single bin too (a constant), where each row is a fresh denial.
 */
export function independentRows(
  column: ColumnCount,
  systems: number,
  referenceCounts: readonly number[],
): number {
  const rows = column.counts.reduce((sum, count) => sum + count, 0);
  if (rows === 0) return 0;
  if (referenceCounts.filter((count) => count > 0).length <= 1 || column.followed === 0) return rows;
  const least = Math.min(rows, Math.max(1, systems));
  const wouldChange = 1 - column.counts.reduce((sum, count) => sum + (count / rows) ** 2, 0);
  if (wouldChange <= 0) return least;
  const repeat = Math.min(1, Math.max(0, 1 - column.changed / column.followed / wouldChange));
  return Math.max(least, (rows * (1 - repeat)) / (1 + repeat));
}
