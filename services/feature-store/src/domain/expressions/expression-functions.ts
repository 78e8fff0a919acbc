import { type ExpressionType } from './expression.js';

/** A value of a row: NaN where there is no data; a boolean is 1 or 0. */
export type Evaluate = (row: Float64Array) => number;

/**
 * What a name means: which types it takes, how it is computed, and the equivalent in DuckDB's SQL. Both have the same
 * rules:
 *
 * - No data stays no data: an operand that is missing makes the result missing. Exceptions are `coalesce`,
 *   `is_missing`, and `and`/`or`, which are SQL's three-valued logic.
 * - A condition that is missing chooses no branch: `if` is missing then, where SQL's CASE would take the other one.
 * - What has no finite value (a division by 0, a root of a negative number, an overflow) is no data.
 *
 * In SQL every operand appears once, so that the text grows with the expression and not exponentially with its depth.
 */
export interface ExpressionFunction {
  /** The type of the result; undefined when the operands' types do not fit. */
  readonly resultType: (types: readonly ExpressionType[]) => ExpressionType | undefined;
  /** Reported when they do not fit. */
  readonly signature: string;
  readonly evaluate: (...args: readonly Evaluate[]) => Evaluate;
  readonly sql: (...args: readonly string[]) => string;
  /**
   * `checked`: the result may not be finite, so that SQL must check it. `carried`: the same, but an operand that is not
   * finite gives a result that is not finite, so that one check after a chain of these is enough.
   */
  readonly finiteness?: 'checked' | 'carried';
}

const { NaN: missing } = Number;

/** Neither infinite nor NaN: the difference of anything else with itself is NaN. */
function finite(value: number): number {
  return value - value === 0 ? value : missing;
}

/** In SQL: the value where it satisfies the condition, otherwise NULL. */
export function sqlWhere(value: string, condition: string): string {
  return `list_filter([${value}], lambda v: ${condition})[1]`;
}

function all(type: ExpressionType, types: readonly ExpressionType[]): boolean {
  return types.every((of) => of === type);
}

function same(types: readonly ExpressionType[]): ExpressionType | undefined {
  const [first] = types;
  return first !== undefined && all(first, types) ? first : undefined;
}

function ofNumbers(
  count: number,
  signature: string,
  result: ExpressionType = 'number',
): Pick<ExpressionFunction, 'resultType' | 'signature'> {
  return {
    signature,
    resultType: (types) => (types.length === count && all('number', types) ? result : undefined),
  };
}

function unary(
  name: string,
  compute: (value: number) => number,
  sql: (value: string) => string = (value) => `${name}(${value})`,
  finiteness?: 'checked' | 'carried',
): readonly [string, ExpressionFunction] {
  return [
    name,
    {
      ...ofNumbers(1, `${name}(number)`),
      evaluate: (of) => (row) => finite(compute(of(row))),
      sql: (of) => sql(of),
      ...(finiteness === undefined ? {} : { finiteness }),
    },
  ];
}

function binary(
  name: string,
  compute: (left: number, right: number) => number,
  finiteness: 'checked' | 'carried',
): readonly [string, ExpressionFunction] {
  return [
    name,
    {
      ...ofNumbers(2, `number ${name} number`),
      evaluate: (left, right) => (row) => finite(compute(left(row), right(row))),
      sql: (left, right) => `(${left} ${name} ${right})`,
      finiteness,
    },
  ];
}

function compared(
  name: string,
  holds: (left: number, right: number) => boolean,
): readonly [string, ExpressionFunction] {
  const isEquality = name === '=' || name === '!=';
  return [
    name,
    {
      signature: isEquality ? `two numbers or two booleans around "${name}"` : `number ${name} number`,
      resultType: (types) =>
        types.length === 2 && (all('number', types) || (isEquality && all('boolean', types)))
          ? 'boolean'
          : undefined,
      evaluate: (first, second) => (row) => {
        const left = first(row);
        const right = second(row);
        if (left !== left || right !== right) return missing;
        return holds(left, right) ? 1 : 0;
      },
      sql: (left, right) => `(${left} ${name === '!=' ? '<>' : name} ${right})`,
    },
  ];
}

/** `and` is decided by a false operand, `or` by a true one; a missing one decides nothing. */
function logical(name: 'and' | 'or', deciding: 0 | 1): readonly [string, ExpressionFunction] {
  return [
    name,
    {
      signature: `boolean ${name} boolean`,
      resultType: (types) => (types.length === 2 ? same(types.concat('boolean')) : undefined),
      evaluate: (first, second) => (row) => {
        const left = first(row);
        if (left === deciding) return deciding;
        const right = second(row);
        if (right === deciding) return deciding;
        return left !== left || right !== right ? missing : 1 - deciding;
      },
      sql: (left, right) => `(${left} ${name.toUpperCase()} ${right})`,
    },
  ];
}

/** The smallest or largest of at least one number; SQL's own `least` and `greatest` pass over NULL. */
function extreme(name: 'min' | 'max'): ExpressionFunction {
  const isMin = name === 'min';
  return {
    signature: `${name}(number, number, ...)`,
    resultType: (types) => (types.length > 0 && all('number', types) ? 'number' : undefined),
    evaluate:
      (first, ...others) =>
      (row) => {
        let found = first(row);
        for (const other of others) {
          const value = other(row);
          if (value !== value) return missing;
          if (isMin ? value < found : value > found) found = value;
        }
        return found;
      },
    sql: (...args) =>
      `list_reduce([${args.join(', ')}], lambda u, v: CASE WHEN v ${isMin ? '<' : '>'} u THEN v WHEN v ${isMin ? '>=' : '<='} u THEN u END)`,
  };
}

const minFunction = extreme('min');
const maxFunction = extreme('max');

function roundHalfAway(value: number): number {
  const whole = Math.trunc(value);
  return Math.abs(value - whole) >= 0.5 ? whole + Math.sign(value) : whole;
}

const choice: ExpressionFunction = {
  signature: 'if(boolean, a, b) of a and b of one type; "else" and b may be left out',
  resultType: ([condition, ...branches]) =>
    condition === 'boolean' && (branches.length === 1 || branches.length === 2) ? same(branches) : undefined,
  evaluate: (condition, then, otherwise?: Evaluate) => (row) => {
    const holds = condition(row);
    if (holds !== holds) return missing;
    if (holds === 1) return then(row);
    return otherwise === undefined ? missing : otherwise(row);
  },
  // An index of NULL finds NULL; a CASE would have to name the condition twice.
  sql: (condition, then, otherwise?: string) =>
    `[${otherwise ?? 'NULL'}, ${then}][CAST(${condition} AS INTEGER) + 1]`,
};

export const expressionFunctions: ReadonlyMap<string, ExpressionFunction> = new Map<
  string,
  ExpressionFunction
>([
  binary('+', (left, right) => left + right, 'carried'),
  binary('-', (left, right) => left - right, 'carried'),
  binary('*', (left, right) => left * right, 'carried'),
  binary('/', (left, right) => left / right, 'checked'),
  binary('%', (left, right) => left % right, 'checked'),
  unary(
    'negate',
    (value) => -value,
    (value) => `(- ${value})`,
    'carried',
  ),
  compared('=', (left, right) => left === right),
  compared('!=', (left, right) => left !== right),
  compared('<', (left, right) => left < right),
  compared('<=', (left, right) => left <= right),
  compared('>', (left, right) => left > right),
  compared('>=', (left, right) => left >= right),
  logical('and', 0),
  logical('or', 1),
  [
    'not',
    {
      signature: 'not boolean',
      resultType: (types) => (types.length === 1 ? same(types.concat('boolean')) : undefined),
      evaluate: (of) => (row) => 1 - of(row),
      sql: (of) => `(NOT ${of})`,
    },
  ],
  ['if', choice],
  [
    'coalesce',
    {
      signature: 'coalesce(a, b, ...) of one type',
      resultType: same,
      evaluate:
        (...args) =>
        (row) => {
          for (const arg of args) {
            const value = arg(row);
            if (value === value) return value;
          }
          return missing;
        },
      sql: (...args) => `coalesce(${args.join(', ')})`,
    },
  ],
  [
    'is_missing',
    {
      signature: 'is_missing(a)',
      resultType: (types) => (types.length === 1 ? 'boolean' : undefined),
      evaluate: (of) => (row) => {
        const value = of(row);
        return value === value ? 0 : 1;
      },
      sql: (of) => `(${of} IS NULL)`,
    },
  ],
  ['min', minFunction],
  ['max', maxFunction],
  [
    'clip',
    {
      ...ofNumbers(3, 'clip(number, lowest, highest)'),
      evaluate: (of, lowest, highest) => minFunction.evaluate(maxFunction.evaluate(of, lowest), highest),
      sql: (of, lowest, highest) => minFunction.sql(maxFunction.sql(of, lowest), highest),
    },
  ],
  [
    'pow',
    {
      ...ofNumbers(2, 'pow(number, number)'),
      // C and SQL give 1 for a base of 1 or an exponent of 0 even when the other is missing; here missing wins.
      evaluate: (base, exponent) => (row) => {
        const of = base(row);
        return of !== of ? missing : finite(of ** exponent(row));
      },
      sql: (base, exponent) => `pow(${base}, ${exponent})`,
      finiteness: 'checked',
    },
  ],
  unary('abs', Math.abs),
  // A TINYINT in SQL, which would overflow in sums.
  unary('sign', Math.sign, (value) => `CAST(sign(${value}) AS DOUBLE)`),
  unary('floor', Math.floor),
  unary('ceil', Math.ceil),
  unary('round', roundHalfAway),
  unary('exp', Math.exp, undefined, 'checked'),
  // SQL fails the whole query where these have no value.
  unary('sqrt', Math.sqrt, (value) => `sqrt(${sqlWhere(value, 'v >= 0')})`),
  unary('ln', Math.log, (value) => `ln(${sqlWhere(value, 'v > 0')})`),
  unary('log10', Math.log10, (value) => `log10(${sqlWhere(value, 'v > 0')})`),
]);
