import {
  admits,
  InvalidSearchSpaceError,
  isActive,
  onGrid,
  resolveSpace,
  stepOf,
  type Parameter,
  type ParameterValue,
  type ParameterValues,
  type SearchSpace,
} from '../space/search-space.js';
import { trialRandom } from './trial-random.js';

const maxGridPoints = 100_000;

/**
 * The next of all combinations of the listed values, each once, in an order shuffled by the seed so that a search that
 * is stopped early has still seen all of the space. Combinations that differ in an absent parameter are one.
 *
 * Undefined when all are given out. Refused: a parameter without steps that is not listed, listed values outside the
 * domain, more than 100,000 combinations.
 */
export function suggestFromGrid(
  space: SearchSpace,
  listed: Readonly<Record<string, readonly ParameterValue[]>>,
  seed: number,
  number: number,
): ParameterValues | undefined {
  const resolved = resolveSpace(space);
  const stranger = Object.keys(listed).find((name) => !resolved.has(name));
  if (stranger !== undefined) {
    throw new InvalidSearchSpaceError(stranger, 'is listed for the grid but not in the space');
  }
  let points: Record<string, ParameterValue>[] = [{}];
  for (const [name, parameter] of resolved) {
    const values = gridValues(name, parameter, Object.hasOwn(listed, name) ? listed[name] : undefined);
    const active = points.filter((point) => isActive(parameter, point)).length;
    if (points.length + active * (values.length - 1) > maxGridPoints) throw tooLarge();
    points = points.flatMap((point) =>
      isActive(parameter, point) ? values.map((value) => ({ ...point, [name]: value })) : [point],
    );
  }
  if (number >= points.length) return undefined;
  const random = trialRandom(seed, 0);
  // Only as far as this trial: the rest of the shuffle does not concern it.
  for (let index = 0; index <= number; index += 1) {
    const other = index + random.integer(points.length - index);
    [points[index], points[other]] = [points[other] ?? {}, points[index] ?? {}];
  }
  return points[number];
}

function gridValues(
  name: string,
  parameter: Parameter,
  listed: readonly ParameterValue[] | undefined,
): readonly ParameterValue[] {
  if (listed !== undefined) {
    const outside = listed.find((value) => !admits(parameter, value));
    if (listed.length === 0 || outside !== undefined) {
      throw new InvalidSearchSpaceError(
        name,
        outside === undefined
          ? 'lists no value for the grid'
          : `lists ${JSON.stringify(outside)}, which it cannot have`,
      );
    }
    return [...new Set(listed)];
  }
  if (parameter.kind === 'categorical') return parameter.choices;
  const step = stepOf(parameter);
  if (step === undefined) {
    if (parameter.low === parameter.high) return [parameter.low];
    throw new InvalidSearchSpaceError(name, 'has no steps; list its values for the grid or give it a step');
  }
  const count = Math.round((parameter.high - parameter.low) / step) + 1;
  if (count > maxGridPoints) throw tooLarge();
  return Array.from({ length: count }, (_, index) => onGrid(parameter.low, step, index));
}

function tooLarge(): InvalidSearchSpaceError {
  return new InvalidSearchSpaceError(
    undefined,
    `The grid has more than ${maxGridPoints} combinations; list fewer values or sample them`,
  );
}
