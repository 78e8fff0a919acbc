import { wilcoxonSignedRank } from '@headrace/statistics';
import { type WilcoxonPrunerOptions } from '../study/pruner-options.js';
import { type PruningVerdict } from './pruning-verdict.js';
import { lossOf, type CompleteTrial, type Direction, type Trial } from '../study/trial.js';

/**
 * Prunes a trial that is worse than the best complete one on the steps both have reported, by a one-sided Wilcoxon
 * signed-rank test, p < `pThreshold`. For steps that are parts of one whole, as folds or series, in any order.
 *
 * Equal values speak for neither side. A trial whose mean is at least as good as the best one's is never pruned: the
 * steps that are still to come would have to turn it. No verdict with fewer than `startupSteps` (at least 2) common
 * steps, without a complete trial, or when a value of either is not finite. Looking after each step makes the test
 * prune more often than `pThreshold` says.
 *
 * The threshold of the verdict is that of the p-value, and so is its value.
 */
export function judgeByWilcoxon(
  trial: Trial,
  trials: readonly Trial[],
  direction: Direction,
  options: WilcoxonPrunerOptions,
): PruningVerdict {
  const last = trial.reports.at(-1);
  if (last === undefined) return { outcome: 'no-data', reason: 'no-report' };
  const best = bestOf(trials, direction);
  if (best === undefined) return { outcome: 'no-data', reason: 'too-few-trials' };
  const isFinite = ({ reports }: Trial): boolean => reports.every(({ value }) => Number.isFinite(value));
  if (best.reports.length === 0 || !isFinite(trial) || !isFinite(best)) {
    return { outcome: 'no-data', reason: 'not-comparable' };
  }
  const bestAt = new Map(best.reports.map(({ step, value }) => [step, value]));
  const own: number[] = [];
  const others: number[] = [];
  for (const { step, value } of trial.reports) {
    const other = bestAt.get(step);
    if (other === undefined) continue;
    own.push(value);
    others.push(other);
  }
  if (own.length < Math.max(2, options.startupSteps ?? 2)) {
    return { outcome: 'no-data', reason: 'too-few-steps' };
  }
  const test = wilcoxonSignedRank(own, others, {
    alternative: direction === 'minimize' ? 'greater' : 'less',
    zeros: 'split',
    continuity: false,
  });
  if (test === undefined) return { outcome: 'no-data', reason: 'not-comparable' };
  const verdict = { step: last.step, value: test.pValue, threshold: options.pThreshold ?? 0.1 };
  const isWorse = lossOf(meanOf(trial), direction) > lossOf(meanOf(best), direction);
  return isWorse && verdict.value < verdict.threshold
    ? { outcome: 'prune', reason: 'worse', ...verdict }
    : { outcome: 'keep', ...verdict };
}

function bestOf(trials: readonly Trial[], direction: Direction): CompleteTrial | undefined {
  let best: CompleteTrial | undefined;
  for (const trial of trials) {
    if (trial.state !== 'complete') continue;
    if (
      best === undefined ||
      lossOf(trial.values[0] ?? NaN, direction) < lossOf(best.values[0] ?? NaN, direction)
    ) {
      best = trial;
    }
  }
  return best;
}

function meanOf({ reports }: Trial): number {
  return reports.reduce((sum, { value }) => sum + value, 0) / reports.length;
}
