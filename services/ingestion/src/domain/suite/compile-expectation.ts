import { assertNever } from '@headrace/kernel';
import { LinearRegex } from './linear-regex.js';
import { type Cell, parseRowCondition, type RowCondition } from './row-condition.js';
import { type Expectation } from './suite.js';
import { DivergenceTally } from './tallies/divergence-tally.js';
import { MomentsTally } from './tallies/moments-tally.js';
import { NullTally } from './tallies/null-tally.js';
import { OrderTally } from './tallies/order-tally.js';
import { QuantileTally } from './tallies/quantile-tally.js';
import { type Tally, type ValueTest } from './tallies/tally.js';
import { UniqueTally } from './tallies/unique-tally.js';
import { ValueTally } from './tallies/value-tally.js';

/** A check of the whole table, not of a column. */
export type TableCheck =
  | { readonly kind: 'row-count'; readonly min: number; readonly max: number }
  | { readonly kind: 'columns'; readonly expected: readonly string[]; readonly exact: boolean }
  | { readonly kind: 'freshness'; readonly maxAgeMinutes: number };

/** One expectation, compiled. */
export interface CompiledRule {
  /** `expectation_type` of the declaration. */
  readonly word: Expectation['expectation_type'];
  readonly column: string | undefined;
  readonly severity: Expectation['severity'];
  /** Whether a reading that fails is quarantined; otherwise only windows report the failure. */
  readonly enforced: boolean;
  readonly condition: RowCondition | undefined;
  /** Whether a value, or its absence, is as expected. Undefined when more than one row is needed to decide. */
  readonly judgesCell: ((cell: Cell) => boolean) | undefined;
  /** What is wrong with an unexpected value. */
  readonly message: string;
  readonly table: TableCheck | undefined;
  readonly newTally: () => Tally;
}

type Parts = Partial<Pick<CompiledRule, 'judgesCell' | 'message' | 'table'>> & Pick<CompiledRule, 'newTally'>;

export function compileExpectation(expectation: Expectation): CompiledRule {
  const { expectation_type: word, severity, kwargs } = expectation;
  const mostly = 'mostly' in kwargs ? (kwargs.mostly ?? 1) : 1;
  const condition = 'row_condition' in kwargs ? kwargs.row_condition : undefined;
  const parts = compileParts(expectation);
  return {
    word,
    severity,
    column: 'column' in kwargs ? kwargs.column : undefined,
    enforced: severity === 'error' && mostly === 1 && parts.judgesCell !== undefined,
    condition: condition === undefined ? undefined : parseRowCondition(condition),
    judgesCell: parts.judgesCell,
    message: parts.message ?? '',
    table: parts.table,
    newTally: parts.newTally,
  };
}

function compileParts(expectation: Expectation): Parts {
  switch (expectation.expectation_type) {
    case 'expect_table_row_count_to_be_between': {
      const { min_value: min, max_value: max } = expectation.kwargs;
      return ofTable({ kind: 'row-count', min: min ?? 0, max: max ?? Infinity });
    }
    case 'expect_table_columns_to_match_set': {
      const { column_set: expected, exact_match: exact } = expectation.kwargs;
      return ofTable({ kind: 'columns', expected, exact });
    }
    case 'expect_table_to_be_fresh':
      return {
        table: { kind: 'freshness', maxAgeMinutes: expectation.kwargs.max_age_minutes },
        newTally: () => new MomentsTally('max', () => true),
      };
    case 'expect_column_values_to_not_be_null':
    case 'expect_column_values_to_be_null': {
      const { column, mostly = 1 } = expectation.kwargs;
      const nullExpected = expectation.expectation_type === 'expect_column_values_to_be_null';
      return {
        judgesCell: (cell) => (cell === null) === nullExpected,
        message: nullExpected ? `${column} has a value` : `${column} is missing`,
        newTally: () => new NullTally(nullExpected, mostly),
      };
    }
    case 'expect_column_values_to_be_unique': {
      const { mostly = 1 } = expectation.kwargs;
      return { newTally: () => new UniqueTally(mostly) };
    }
    case 'expect_column_values_to_be_increasing':
    case 'expect_column_values_to_be_decreasing': {
      const { mostly = 1, strictly } = expectation.kwargs;
      const direction = expectation.expectation_type === 'expect_column_values_to_be_increasing' ? 1 : -1;
      return { newTally: () => new OrderTally(direction, strictly, mostly) };
    }
    case 'expect_column_mean_to_be_between':
      return ofMoments('mean', expectation.kwargs);
    case 'expect_column_stdev_to_be_between':
      return ofMoments('stdev', expectation.kwargs);
    case 'expect_column_min_to_be_between':
      return ofMoments('min', expectation.kwargs);
    case 'expect_column_max_to_be_between':
      return ofMoments('max', expectation.kwargs);
    case 'expect_column_quantile_values_to_be_between': {
      const { quantiles, value_ranges: ranges } = expectation.kwargs.quantile_ranges;
      return { newTally: () => new QuantileTally(quantiles, ranges) };
    }
    case 'expect_column_kl_divergence_to_be_less_than': {
      const { partition_object: partition, threshold, ...holdouts } = expectation.kwargs;
      const { tail_weight_holdout: tails, internal_weight_holdout: internal } = holdouts;
      return { newTally: () => new DivergenceTally(partition, threshold, tails, internal) };
    }
    default:
      return ofValues(expectation);
  }
}

type ValueExpectation = Extract<
  Expectation,
  {
    expectation_type:
      | 'expect_column_values_to_be_of_type'
      | 'expect_column_values_to_be_between'
      | 'expect_column_values_to_be_in_set'
      | 'expect_column_values_to_not_be_in_set'
      | 'expect_column_values_to_match_regex'
      | 'expect_column_values_to_not_match_regex';
  }
>;

/** Null is not judged, so it is as expected. */
function ofValues(expectation: ValueExpectation): Parts {
  const { test, message } = compileValueTest(expectation);
  const { mostly = 1 } = expectation.kwargs;
  return {
    judgesCell: (cell) => cell === null || (typeof cell === 'number' ? test.number(cell) : test.text(cell)),
    message,
    newTally: () => new ValueTally(test, mostly),
  };
}

function compileValueTest(expectation: ValueExpectation): {
  readonly test: ValueTest;
  readonly message: string;
} {
  const { column } = expectation.kwargs;
  switch (expectation.expectation_type) {
    case 'expect_column_values_to_be_of_type': {
      const numbers = expectation.kwargs.type_ === 'number';
      return {
        test: { number: () => numbers, text: () => !numbers },
        message: `${column} is no ${expectation.kwargs.type_}`,
      };
    }
    case 'expect_column_values_to_be_between': {
      const { min_value: min, max_value: max } = expectation.kwargs;
      return {
        test: { number: compileBounds(expectation.kwargs), text: () => false },
        message: `${column} does not lie between ${min ?? -Infinity} and ${max ?? Infinity}`,
      };
    }
    case 'expect_column_values_to_be_in_set': {
      const allowed = new Set(expectation.kwargs.value_set);
      return {
        test: bothKinds((value) => allowed.has(value)),
        message: `${column} is none of the ${allowed.size} values that are allowed`,
      };
    }
    case 'expect_column_values_to_not_be_in_set': {
      const forbidden = new Set(expectation.kwargs.value_set);
      return {
        test: bothKinds((value) => !forbidden.has(value)),
        message: `${column} is one of the ${forbidden.size} values that are not allowed`,
      };
    }
    case 'expect_column_values_to_match_regex': {
      const regex = new LinearRegex(expectation.kwargs.regex);
      return {
        test: bothKinds((value) => regex.test(String(value))),
        message: `${column} does not match ${expectation.kwargs.regex}`,
      };
    }
    case 'expect_column_values_to_not_match_regex': {
      const regex = new LinearRegex(expectation.kwargs.regex);
      return {
        test: bothKinds((value) => !regex.test(String(value))),
        message: `${column} matches ${expectation.kwargs.regex}`,
      };
    }
    default:
      return assertNever(expectation);
  }
}

function bothKinds(test: (value: number | string) => boolean): ValueTest {
  return { number: test, text: test };
}

interface DeclaredBounds {
  readonly min_value?: number | null | undefined;
  readonly max_value?: number | null | undefined;
  readonly strict_min: boolean;
  readonly strict_max: boolean;
}

function compileBounds({
  min_value,
  max_value,
  strict_min,
  strict_max,
}: DeclaredBounds): (value: number) => boolean {
  const [min, max] = [min_value ?? -Infinity, max_value ?? Infinity];
  if (!strict_min && !strict_max) return (value) => value >= min && value <= max;
  return (value) => (strict_min ? value > min : value >= min) && (strict_max ? value < max : value <= max);
}

function ofMoments(which: 'mean' | 'stdev' | 'min' | 'max', bounds: DeclaredBounds): Parts {
  const inside = compileBounds(bounds);
  return { newTally: () => new MomentsTally(which, inside) };
}

function ofTable(table: TableCheck): Parts {
  // The table judges this itself; the tally is not used.
  return { table, newTally: () => new NullTally(false, 1) };
}
