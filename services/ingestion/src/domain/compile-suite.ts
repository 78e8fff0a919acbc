import { assertNever } from '@headrace/kernel';
import { readReading, refused, type Bounds } from './read-reading.js';
import { type IncomingReading, type Judged, type Reading, type Reason } from './reading.js';
import { type Expectation, type Suite } from './suite.js';

/** One rule on one column, ready to be asked for each reading. */
export interface ColumnRule {
  readonly rule: string;
  readonly column: string;
  /** Enforced on each reading; otherwise only counted in windows. */
  readonly enforced: boolean;
  readonly mostly: number;
  /** Why the value is unexpected; undefined when it is as expected. Null reaches only the rule against null. */
  readonly against: (value: number | string | null) => string | undefined;
}

export interface CompiledSuite {
  readonly name: string;
  readonly version: string;
  readonly rules: readonly ColumnRule[];
  readonly rowCount: { readonly min: number; readonly max: number } | undefined;
  readonly judge: (incoming: IncomingReading, bounds: Bounds) => Judged;
}

/** Turns a suite into functions once, so that a reading costs a few comparisons. */
export function compileSuite(suite: Suite, version: string): CompiledSuite {
  const rules = suite.expectations.flatMap((expectation) => ruleOf(expectation) ?? []);
  const rows = suite.expectations.find(
    (each) => each.expectation_type === 'expect_table_row_count_to_be_between',
  );
  return {
    name: suite.expectation_suite_name,
    version,
    rules,
    rowCount:
      rows === undefined
        ? undefined
        : { min: rows.kwargs.min_value ?? 0, max: rows.kwargs.max_value ?? Infinity },
    judge: (incoming, bounds) => judge(rules, incoming, bounds),
  };
}

function judge(rules: readonly ColumnRule[], incoming: IncomingReading, bounds: Bounds): Judged {
  if (incoming.unreadable !== undefined) {
    const reason = refused('reading_is_readable', null, incoming.content, incoming.unreadable);
    return { outcome: 'quarantined', systemId: undefined, reasons: [reason] };
  }
  const read = readReading(incoming.content, bounds);
  if (read.reading === undefined)
    return { outcome: 'quarantined', systemId: read.systemId, reasons: read.reasons };
  const reasons: Reason[] = [];
  const warnings: Reason[] = [];
  for (const rule of rules) {
    const value = valueOf(read.reading, rule.column);
    const message = rule.against(value);
    if (message !== undefined)
      (rule.enforced ? reasons : warnings).push(refused(rule.rule, rule.column, value, message));
  }
  return reasons.length > 0
    ? { outcome: 'quarantined', systemId: read.reading.systemId, reasons }
    : { outcome: 'accepted', reading: read.reading, warnings };
}

/** A column that is missing is like one that is null: there is no value, and no value is not zero. */
export function valueOf(reading: Reading, column: string): number | string | null {
  if (column === 'system_id') return reading.systemId;
  if (column === 'timestamp') return reading.eventTime.toISOString();
  return Object.hasOwn(reading.values, column) ? (reading.values[column] ?? null) : null;
}

function ruleOf(expectation: Expectation): ColumnRule | undefined {
  if (expectation.expectation_type === 'expect_table_row_count_to_be_between') return undefined;
  const { kwargs, severity, expectation_type: rule } = expectation;
  const mostly = kwargs.mostly ?? 1;
  return {
    rule,
    column: kwargs.column,
    mostly,
    enforced: severity === 'error' && mostly === 1,
    against: checkOf(expectation),
  };
}

function checkOf(
  expectation: Exclude<Expectation, { expectation_type: 'expect_table_row_count_to_be_between' }>,
): ColumnRule['against'] {
  switch (expectation.expectation_type) {
    case 'expect_column_values_to_not_be_null': {
      const message = `${expectation.kwargs.column} is missing`;
      return (value) => (value === null ? message : undefined);
    }
    case 'expect_column_values_to_be_between': {
      const { column, min_value, max_value, strict_min, strict_max } = expectation.kwargs;
      const [min, max] = [min_value ?? -Infinity, max_value ?? Infinity];
      const message = `${column} does not lie between ${min} and ${max}`;
      return (value) => {
        if (value === null) return undefined;
        if (typeof value !== 'number') return `${column} is no number`;
        const inside = (strict_min ? value > min : value >= min) && (strict_max ? value < max : value <= max);
        return inside ? undefined : message;
      };
    }
    case 'expect_column_values_to_be_in_set': {
      const allowed = new Set(expectation.kwargs.value_set);
      const message = `${expectation.kwargs.column} is none of the ${allowed.size} values that are allowed`;
      return (value) => (value === null || allowed.has(value) ? undefined : message);
    }
    case 'expect_column_values_to_match_regex': {
      const regex = new RegExp(expectation.kwargs.regex, 'u');
      const message = `${expectation.kwargs.column} does not match ${expectation.kwargs.regex}`;
      return (value) => (value === null || regex.test(String(value)) ? undefined : message);
    }
    default:
      return assertNever(expectation);
  }
}
