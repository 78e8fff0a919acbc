import { type MedianPrunerOptions } from '../study/pruner-options.js';
import { type PruningVerdict } from './pruning-verdict.js';
import { lastReport, lossOf, type Direction, type Trial } from '../study/trial.js';

/**
 * Prunes a trial whose best report so far is worse than the median of what complete trials reported at the same step.
 *
 * NaN among the others' reports is left out; a trial that has reported nothing but NaN has diverged and is pruned. No
 * verdict before `startupTrials` are complete, in the first `warmupSteps`, with fewer than `minTrials` reports of the
 * step, and more than once an interval. Equal to the median goes on.
 *
 * @see Golovin et al. (2017), Google Vizier: median stopping rule
 */
export function judgeByMedian(
  trial: Trial,
  trials: readonly Trial[],
  direction: Direction,
  options: MedianPrunerOptions,
): PruningVerdict {
  const last = lastReport(trial);
  if (last === undefined) return { outcome: 'no-data', reason: 'no-report' };
  const { step } = last;
  const complete = trials.filter(({ state }) => state === 'complete');
  if (complete.length < Math.max(1, options.startupTrials ?? 5)) {
    return { outcome: 'no-data', reason: 'too-few-trials' };
  }
  const warmup = options.warmupSteps ?? 0;
  if (step < warmup) return { outcome: 'no-data', reason: 'warming-up' };
  const interval = options.intervalSteps ?? 1;
  const begun = Math.floor((step - warmup) / interval) * interval + warmup;
  const previous = trial.reports.at(-2);
  if (previous !== undefined && previous.step >= begun) {
    return { outcome: 'no-data', reason: 'between-intervals' };
  }
  const losses = trial.reports
    .map(({ value }) => lossOf(value, direction))
    .filter((loss) => !Number.isNaN(loss));
  if (losses.length === 0) {
    return { outcome: 'prune', reason: 'diverged', step, value: last.value, threshold: undefined };
  }
  const reported = complete.flatMap(({ reports }) => reports.filter((other) => other.step === step));
  const threshold = medianOf(reported.map(({ value }) => value).filter((value) => !Number.isNaN(value)));
  if (reported.length < (options.minTrials ?? 1) || threshold === undefined) {
    return { outcome: 'no-data', reason: 'too-few-trials' };
  }
  const value = lossOf(Math.min(...losses), direction);
  return lossOf(value, direction) > lossOf(threshold, direction)
    ? { outcome: 'prune', reason: 'worse', step, value, threshold }
    : { outcome: 'keep', step, value, threshold };
}

function medianOf(values: readonly number[]): number | undefined {
  const sorted = Float64Array.from(values).sort();
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) return undefined;
  return upper === lower ? upper : lower + (upper - lower) / 2;
}
