import { type SuccessiveHalvingOptions } from '../study/pruner-options.js';
import { type PruningVerdict } from './pruning-verdict.js';
import { lastReport, lossOf, type Direction, type Report, type Trial } from '../study/trial.js';

/**
 * Asynchronous successive halving: at the steps minResource * eta^(rate + rung) a trial goes on only when it is among
 * the best 1 / eta of all that have reached this rung, itself included. While a rung has seen fewer than eta trials,
 * its best one goes on: a trial cannot be suspended and taken up again.
 *
 * A trial's value in a rung is its first report at that step or later; it enters a rung only after passing those before
 * it, and NaN enters none: the trial is pruned as diverged. Nobody waits for anybody, and what a rung has seen is read
 * from the reports. The resource is never guessed from what other trials did: the rungs would move under trials that
 * are running.
 *
 * @see Li et al. (2020), A system for massively parallel hyperparameter tuning
 */
export function judgeBySuccessiveHalving(
  trial: Trial,
  trials: readonly Trial[],
  direction: Direction,
  options: SuccessiveHalvingOptions,
): PruningVerdict {
  const last = lastReport(trial);
  if (last === undefined) return { outcome: 'no-data', reason: 'no-report' };
  const eta = options.reductionFactor ?? 4;
  const stepOf = (rung: number): number =>
    (options.minResource ?? 1) * eta ** ((options.minEarlyStoppingRate ?? 0) + rung);
  let verdict: PruningVerdict = { outcome: 'no-data', reason: 'warming-up' };
  for (let rung = 0; last.step >= stepOf(rung); rung += 1) {
    const entry = reportAt(trial, stepOf(rung));
    if (entry === undefined) break;
    const { step, value } = entry;
    if (Number.isNaN(value)) {
      return { outcome: 'prune', reason: 'diverged', step, value, threshold: undefined };
    }
    const rivals = trials
      .filter((other) => other.number !== trial.number)
      .map((other) => reportAt(other, stepOf(rung))?.value)
      .filter((other) => other !== undefined && !Number.isNaN(other));
    const losses = Float64Array.from([...rivals, value], (rival) => lossOf(rival ?? NaN, direction)).sort();
    if (losses.length <= (options.bootstrapCount ?? 0)) {
      return { outcome: 'prune', reason: 'rung-too-small', step, value, threshold: undefined };
    }
    const threshold = lossOf(losses[Math.max(0, Math.floor(losses.length / eta) - 1)] ?? NaN, direction);
    if (lossOf(value, direction) > lossOf(threshold, direction)) {
      return { outcome: 'prune', reason: 'worse', step, value, threshold };
    }
    verdict = { outcome: 'keep', step, value, threshold };
  }
  return verdict;
}

function reportAt(trial: Trial, step: number): Report | undefined {
  return trial.reports.find((report) => report.step >= step);
}
