/** One number an objective; less is better. */
export type Losses = readonly number[];

/** Lexicographic order, first objective first. */
export function compareLosses(a: Losses, b: Losses): number {
  for (let index = 0; index < a.length; index += 1) {
    const [left, right] = [a[index] ?? NaN, b[index] ?? NaN];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

/** True when `a` is nowhere worse than `b` and somewhere better. */
export function dominates(a: Losses, b: Losses): boolean {
  let better = false;
  for (let index = 0; index < a.length; index += 1) {
    const [left, right] = [a[index] ?? NaN, b[index] ?? NaN];
    if (left > right) return false;
    if (left < right) better = true;
  }
  return better;
}

/**
 * Rank 0 for points that nothing dominates, 1 for those that nothing but rank 0 dominates, and so on. Equal points have
 * equal rank. Ranking ends when `enough` points (default all) have one; what is left shares the rank after the last.
 *
 * @see Deb et al. (2002), NSGA-II
 */
export function nonDominationRanks(points: readonly Losses[], enough = points.length): Int32Array {
  const ranks = new Int32Array(points.length).fill(-1);
  // In this order nothing is dominated by what comes after it, so a front is what its earlier members do not dominate.
  let left = [...points.keys()].sort((a, b) => compareLosses(points[a] ?? [], points[b] ?? []));
  let ranked = 0;
  let rank = 0;
  for (; left.length > 0 && ranked < enough; rank += 1) {
    const front: number[] = [];
    const dominated: number[] = [];
    for (const index of left) {
      const point = points[index] ?? [];
      const isDominated = front.some((member) => dominates(points[member] ?? [], point));
      (isDominated ? dominated : front).push(index);
    }
    for (const index of front) ranks[index] = rank;
    ranked += front.length;
    left = dominated;
  }
  for (const index of left) ranks[index] = rank;
  return ranks;
}
