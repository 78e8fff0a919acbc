import { hypervolume, referencePointOf } from './hypervolume.js';
import { compareLosses, type Losses } from './non-domination-ranks.js';

/**
 * `count` of the points so that they dominate much volume together: the one that adds most, again and again. At least
 * 1 - 1/e of the best subset. Answers their positions.
 *
 * Equal points count once before any counts twice. With infinite losses no volume is larger than another: the first in
 * lexicographic order are taken.
 *
 * @see Guerreiro, Fonseca & Paquete (2016), Greedy hypervolume subset selection in low dimensions
 */
export function selectByHypervolume(points: readonly Losses[], count: number): readonly number[] {
  if (count >= points.length) return [...points.keys()];
  const order = [...points.keys()].sort((a, b) => compareLosses(points[a] ?? [], points[b] ?? []) || a - b);
  const isFirst = (index: number, rank: number): boolean =>
    rank === 0 || compareLosses(points[index] ?? [], points[order[rank - 1] ?? -1] ?? []) !== 0;
  const distinct = order.filter(isFirst);
  if (distinct.length < count) {
    const duplicates = [...points.keys()].filter((index) => !distinct.includes(index));
    return [...distinct, ...duplicates.slice(0, count - distinct.length)];
  }
  const reference = referencePointOf(points);
  if (!reference.every(Number.isFinite)) return distinct.slice(0, count);
  return selectGreedily(points, distinct, reference, count);
}

/** What a point adds never grows while others are chosen, so an old gain is a bound and most need no new look. */
function selectGreedily(
  points: readonly Losses[],
  candidates: readonly number[],
  reference: Losses,
  count: number,
): readonly number[] {
  const chosen: number[] = [];
  const chosenPoints: Losses[] = [];
  let volume = 0;
  const waiting = candidates.map((index) => ({ index, gain: hypervolume([points[index] ?? []], reference) }));
  while (chosen.length < count) {
    waiting.sort((a, b) => (a.gain === b.gain ? 0 : b.gain - a.gain));
    let best: (typeof waiting)[number] | undefined;
    for (const candidate of waiting) {
      if (best !== undefined && candidate.gain < best.gain) break;
      if (chosen.length > 0) {
        candidate.gain = hypervolume([...chosenPoints, points[candidate.index] ?? []], reference) - volume;
      }
      if (best === undefined || candidate.gain > best.gain) best = candidate;
    }
    if (best === undefined) break;
    waiting.splice(waiting.indexOf(best), 1);
    chosen.push(best.index);
    chosenPoints.push(points[best.index] ?? []);
    volume += best.gain;
  }
  return chosen;
}
