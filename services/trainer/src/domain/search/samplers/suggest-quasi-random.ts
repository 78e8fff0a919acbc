import {
  isActive,
  resolveSpace,
  type ParameterValue,
  type ParameterValues,
  type SearchSpace,
} from '../space/search-space.js';
import { sobolCoordinate, sobolDimensions } from './sobol-sequence.js';
import { mix, trialRandom } from './trial-random.js';
import { valueAt } from '../space/value-at.js';

/**
 * The point of a Sobol sequence with the trial's number: a few dozen trials cover every parameter evenly, which
 * independent ones do not. Each parameter owns a dimension, also while it is absent. Parameters beyond the table of
 * direction numbers are drawn at random.
 */
export function suggestQuasiRandom(
  space: SearchSpace,
  seed: number,
  number: number,
  scramble: boolean,
): ParameterValues {
  const random = trialRandom(seed, number);
  const scrambling = trialRandom(seed, 0).integer(2 ** 32);
  const values: Record<string, ParameterValue> = {};
  let dimension = 0;
  for (const [name, parameter] of resolveSpace(space)) {
    const share =
      dimension < sobolDimensions
        ? sobolCoordinate(number, dimension, scramble ? mix(scrambling ^ mix(dimension)) : undefined)
        : random.next();
    dimension += 1;
    if (isActive(parameter, values)) values[name] = valueAt(parameter, share);
  }
  return values;
}
