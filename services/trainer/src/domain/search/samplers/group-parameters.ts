import { type Parameter } from '../space/search-space.js';
import { type Trial } from '../study/trial.js';

/**
 * Parameters that may be modelled together: the same conditions, and every ended trial has all of them or none. So the
 * branches of a conditional space are groups, each learns from all trials that took it, and a parameter that came to
 * the space later does not cut the others off from the trials before.
 *
 * Groups are in the order of their first parameter, so parents come before children.
 */
export function groupParameters(
  space: ReadonlyMap<string, Parameter>,
  ended: readonly Trial[],
): readonly (readonly string[])[] {
  const byConditions = new Map<string, string[]>();
  for (const [name, { when }] of space) {
    const key = JSON.stringify(when ?? []);
    byConditions.set(key, [...(byConditions.get(key) ?? []), name]);
  }
  let groups = [...byConditions.values()];
  for (const trial of ended) {
    const isIn = (name: string): boolean => Object.hasOwn(trial.parameters, name);
    if (groups.every((group) => group.every(isIn))) continue;
    groups = groups.flatMap((group) => {
      const present = group.filter(isIn);
      return present.length === 0 || present.length === group.length
        ? [group]
        : [present, group.filter((name) => !isIn(name))];
    });
  }
  const order = [...space.keys()];
  return groups.sort((a, b) => order.indexOf(a[0] ?? '') - order.indexOf(b[0] ?? ''));
}
