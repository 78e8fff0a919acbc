import { nonDominationRanks } from '../pareto/non-domination-ranks.js';
import { selectByHypervolume } from '../pareto/select-by-hypervolume.js';
import {
  lastReport,
  lossOf,
  type CompleteTrial,
  type Direction,
  type PrunedTrial,
  type Trial,
} from '../study/trial.js';

/** Trials by number; failed ones are in neither half. */
export interface TrialSplit {
  readonly below: readonly Trial[];
  readonly above: readonly Trial[];
}

/** How many of `ended` trials are the good ones: a tenth, rounded up; of one objective at most 25. */
export function goodTrials(ended: number, objectives: number): number {
  const tenth = Math.ceil(0.1 * ended);
  return objectives > 1 ? tenth : Math.min(tenth, 25);
}

/**
 * Splits a history into the `good` best trials and the others.
 *
 * Complete trials come first: by value, of several objectives by rank of non-domination, the rank that does not fit
 * whole by the hypervolume it adds. Then pruned ones: who came further is better, at the same step the better value;
 * without a report, last. Running trials are never good. Of equals the earlier wins.
 */
export function splitTrials(
  trials: readonly Trial[],
  directions: readonly Direction[],
  good: number,
): TrialSplit {
  const complete = trials.filter((trial) => trial.state === 'complete');
  const pruned = trials.filter((trial) => trial.state === 'pruned');
  const best =
    directions.length > 1
      ? bestOfSeveral(complete, directions, good)
      : sortBy(complete, (trial) => lossOf(trial.values[0] ?? NaN, directions[0])).slice(0, good);
  const below = new Set<Trial>(best);
  for (const trial of sortPruned(pruned, directions[0]).slice(0, Math.max(0, good - below.size))) {
    below.add(trial);
  }
  const split: { below: Trial[]; above: Trial[] } = { below: [], above: [] };
  for (const trial of trials) {
    if (trial.state !== 'failed') (below.has(trial) ? split.below : split.above).push(trial);
  }
  return split;
}

/** The `count` best complete trials of several objectives, earliest first. */
export function bestOfSeveral(
  trials: readonly CompleteTrial[],
  directions: readonly Direction[],
  count: number,
): readonly CompleteTrial[] {
  if (count >= trials.length) return trials;
  if (count <= 0) return [];
  const losses = trials.map((trial) => trial.values.map((value, index) => lossOf(value, directions[index])));
  const ranks = nonDominationRanks(losses, count);
  const chosen = new Set<number>();
  for (let rank = 0; chosen.size < count; rank += 1) {
    const members = [...ranks.keys()].filter((index) => ranks[index] === rank);
    const room = count - chosen.size;
    const picked =
      members.length <= room
        ? members.keys()
        : selectByHypervolume(
            members.map((index) => losses[index] ?? []),
            room,
          );
    for (const position of picked) chosen.add(members[position] ?? -1);
  }
  return trials.filter((_, index) => chosen.has(index));
}

function sortPruned(trials: readonly PrunedTrial[], direction: Direction | undefined): PrunedTrial[] {
  const keyOf = (trial: PrunedTrial): readonly [number, number] => {
    const last = lastReport(trial);
    if (last === undefined) return [1, 0];
    return [-last.step, Number.isNaN(last.value) ? Infinity : lossOf(last.value, direction)];
  };
  return trials
    .map((trial) => ({ trial, key: keyOf(trial) }))
    .sort((a, b) => compare(a.key[0], b.key[0]) || compare(a.key[1], b.key[1]))
    .map(({ trial }) => trial);
}

function sortBy<T>(items: readonly T[], keyOf: (item: T) => number): T[] {
  return items
    .map((item) => ({ item, key: keyOf(item) }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ item }) => item);
}

/** Also for infinite numbers, whose difference is not one. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
