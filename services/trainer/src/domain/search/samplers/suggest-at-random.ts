import {
  isActive,
  resolveSpace,
  type ParameterValue,
  type ParameterValues,
  type SearchSpace,
} from '../space/search-space.js';
import { trialRandom } from './trial-random.js';
import { valueAt } from '../space/value-at.js';

/** Every active parameter uniform in its domain (in the logarithm where it says so), independent of the history. */
export function suggestAtRandom(space: SearchSpace, seed: number, number: number): ParameterValues {
  const random = trialRandom(seed, number);
  const values: Record<string, ParameterValue> = {};
  for (const [name, parameter] of resolveSpace(space)) {
    // Drawn also for the absent, so that a condition does not move the parameters after it.
    const share = random.next();
    if (isActive(parameter, values)) values[name] = valueAt(parameter, share);
  }
  return values;
}
