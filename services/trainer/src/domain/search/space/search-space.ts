import { AppError } from '@headrace/kernel';

export type ParameterValue = string | number | boolean;

/** A parameter exists only in trials in which each of its conditions holds. */
export interface Condition {
  readonly parameter: string;
  readonly in: readonly ParameterValue[];
}

interface Conditional {
  readonly when?: readonly Condition[];
}

/** Whole numbers from low to high, both included. `log` admits no step but 1. */
export interface IntParameter extends Conditional {
  readonly kind: 'int';
  readonly low: number;
  readonly high: number;
  readonly step?: number;
  readonly log?: boolean;
}

/** Numbers from low to high, both included; with `step` only low, low + step, ... */
export interface FloatParameter extends Conditional {
  readonly kind: 'float';
  readonly low: number;
  readonly high: number;
  readonly step?: number;
  readonly log?: boolean;
}

/** One of some values without an order. */
export interface CategoricalParameter extends Conditional {
  readonly kind: 'categorical';
  readonly choices: readonly ParameterValue[];
}

export type Parameter = IntParameter | FloatParameter | CategoricalParameter;
export type SearchSpace = Readonly<Record<string, Parameter>>;
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

export class InvalidSearchSpaceError extends AppError {
  readonly code = 'TRAINER_INVALID_SEARCH_SPACE';
  readonly kind = 'invalid';

  constructor(
    readonly parameter: string | undefined,
    why: string,
  ) {
    super(parameter === undefined ? why : `Parameter "${parameter}" ${why}`);
  }
}

/**
 * The space as samplers work through it: checked, parents before their children and otherwise by name, so that the
 * order of keys in a stored document decides nothing. A `high` that no step reaches is lowered to the last that does.
 *
 * Refused: a space without parameters, bounds that are not finite or the wrong way round, whole numbers that are
 * fractions, log from 0 or below, log with a step, steps that are not positive, no or equal choices, conditions on
 * unknown parameters, on values these cannot have, or in a circle.
 */
export function resolveSpace(space: SearchSpace): ReadonlyMap<string, Parameter> {
  const names = Object.keys(space).sort();
  if (names.length === 0) {
    throw new InvalidSearchSpaceError(undefined, 'A space without parameters has nothing to search; add one');
  }
  const resolved = new Map<string, Parameter>();
  const entered = new Set<string>();
  const resolve = (name: string, parameter: Parameter): void => {
    if (resolved.has(name)) return;
    if (entered.has(name)) {
      throw new InvalidSearchSpaceError(name, 'depends on itself; break the circle of conditions');
    }
    entered.add(name);
    const checked = checkDomain(name, parameter);
    for (const condition of parameter.when ?? []) {
      const parent = Object.hasOwn(space, condition.parameter) ? space[condition.parameter] : undefined;
      if (parent === undefined) {
        throw new InvalidSearchSpaceError(
          name,
          `depends on "${condition.parameter}", which the space does not have`,
        );
      }
      resolve(condition.parameter, parent);
      const impossible = condition.in.find(
        (value) => !admits(resolved.get(condition.parameter) ?? parent, value),
      );
      if (condition.in.length === 0 || impossible !== undefined) {
        throw new InvalidSearchSpaceError(
          name,
          `waits for "${condition.parameter}" to be ${impossible === undefined ? 'one of no values' : JSON.stringify(impossible)}, which never happens`,
        );
      }
    }
    resolved.set(name, checked);
  };
  for (const name of names) {
    const parameter = space[name];
    if (parameter !== undefined) resolve(name, parameter);
  }
  return resolved;
}

/** True when all conditions hold in these values; a parent that is itself absent holds for nothing. */
export function isActive(parameter: Parameter, values: ParameterValues): boolean {
  return (parameter.when ?? []).every((condition) => {
    const value = Object.hasOwn(values, condition.parameter) ? values[condition.parameter] : undefined;
    return value !== undefined && condition.in.includes(value);
  });
}

/** True when the parameter can have this value. */
export function admits(parameter: Parameter, value: ParameterValue): boolean {
  if (parameter.kind === 'categorical') return parameter.choices.includes(value);
  if (typeof value !== 'number' || !(value >= parameter.low && value <= parameter.high)) return false;
  const step = stepOf(parameter);
  if (step === undefined) return true;
  const position = (value - parameter.low) / step;
  return Math.abs(position - Math.round(position)) < 1e-8;
}

/** True when there is nothing to choose. */
export function isSingle(parameter: Parameter): boolean {
  return parameter.kind === 'categorical' ? parameter.choices.length === 1 : parameter.low === parameter.high;
}

/** The distance of two neighbouring values, undefined when there are none. */
export function stepOf(parameter: IntParameter | FloatParameter): number | undefined {
  return parameter.step ?? (parameter.kind === 'int' ? 1 : undefined);
}

/** The nearest value of the domain; half a step goes up. */
export function snap(parameter: IntParameter | FloatParameter, value: number): number {
  const step = stepOf(parameter);
  const { low, high } = parameter;
  if (step === undefined) return Math.min(high, Math.max(low, value));
  return Math.min(high, Math.max(low, onGrid(low, step, Math.floor((value - low) / step + 0.5))));
}

/** low + index * step without the dust of binary fractions: 0.1 * 3 is 0.3. */
export function onGrid(low: number, step: number, index: number): number {
  return Number((low + index * step).toPrecision(15));
}

function checkDomain(name: string, parameter: Parameter): Parameter {
  const refuse = (why: string): never => {
    throw new InvalidSearchSpaceError(name, why);
  };
  if (parameter.kind === 'categorical') {
    if (parameter.choices.length === 0) refuse('has no choices; name at least one');
    if (new Set(parameter.choices).size < parameter.choices.length) refuse('names a choice twice');
    if (parameter.choices.some((choice) => typeof choice === 'number' && !Number.isFinite(choice))) {
      refuse('has a choice that is not finite');
    }
    return parameter;
  }
  const { low, high, step, log } = parameter;
  if (!Number.isFinite(low) || !Number.isFinite(high)) {
    refuse(`has bounds that are not finite: ${low} to ${high}`);
  }
  if (low > high) refuse(`goes from ${low} down to ${high}; exchange the bounds`);
  if (step !== undefined && !(step > 0 && Number.isFinite(step))) {
    refuse(`has step ${step}; it must be positive`);
  }
  if (parameter.kind === 'int' && ![low, high, step ?? 1].every(Number.isSafeInteger)) {
    refuse(`is whole, but ${low}, ${high} and step ${step ?? 1} are not all whole`);
  }
  if (log === true) {
    if (low <= 0) refuse(`is logarithmic from ${low}; a logarithm needs low > 0`);
    if (step !== undefined && !(parameter.kind === 'int' && step === 1)) {
      refuse(`is logarithmic with step ${step}; leave one of the two out`);
    }
  }
  if (step === undefined) return parameter;
  const last = onGrid(low, step, Math.floor((high - low) / step + 1e-9));
  return { ...parameter, high: Math.min(high, last) };
}
