import { type ColumnarBatch } from './columnar-batch.js';
import { compileExpectation, type CompiledRule } from './compile-expectation.js';
import { readReading, refused, type Bounds } from '../reading/read-reading.js';
import { type IncomingReading, type Judged, type Reading, type Reason } from '../reading/reading.js';
import { type Cell } from './row-condition.js';
import { type Suite } from './suite.js';
import { type SuiteResults, SuiteTally } from './suite-tally.js';

/** A suite, ready to be asked: about one reading, about a batch, or about the parts of a window one after another. */
export interface CompiledSuite {
  readonly name: string;
  readonly version: string;
  readonly rules: readonly CompiledRule[];
  readonly judge: (incoming: IncomingReading, bounds: Bounds) => Judged;
  readonly begin: () => SuiteTally;
}

/**
 * Turns a suite into functions once. The test of a value is made once for each expectation; the check of a reading at the
 * edge and the tallies of batches and windows ask that same test.
 */
export function compileSuite(suite: Suite, version: string): CompiledSuite {
  const rules = suite.expectations.map(compileExpectation);
  return {
    name: suite.expectation_suite_name,
    version,
    rules,
    judge: (incoming, bounds) => judge(rules, incoming, bounds),
    begin: () => new SuiteTally(rules),
  };
}

/** What a suite says about one batch, in one pass over it. */
export function validateBatch(suite: CompiledSuite, batch: ColumnarBatch, now: Date): SuiteResults {
  const tally = suite.begin();
  tally.add(batch);
  return tally.results(now);
}

function judge(rules: readonly CompiledRule[], incoming: IncomingReading, bounds: Bounds): Judged {
  if (incoming.unreadable !== undefined) {
    const reason = refused('reading_is_readable', null, incoming.content, incoming.unreadable);
    return { outcome: 'quarantined', systemId: undefined, reasons: [reason] };
  }
  const read = readReading(incoming.content, bounds);
  if (read.reading === undefined) {
    return { outcome: 'quarantined', systemId: read.systemId, reasons: read.reasons };
  }
  const { reading } = read;
  const reasons: Reason[] = [];
  const warnings: Reason[] = [];
  const valueIn = (column: string): Cell => valueOf(reading, column);
  for (const rule of rules) {
    if (rule.column === undefined || rule.judgesCell === undefined) continue;
    if (rule.condition !== undefined && !rule.condition.test(valueIn)) continue;
    const value = valueIn(rule.column);
    if (rule.judgesCell(value)) continue;
    (rule.enforced ? reasons : warnings).push(refused(rule.word, rule.column, value, rule.message));
  }
  return reasons.length > 0
    ? { outcome: 'quarantined', systemId: reading.systemId, reasons, reading }
    : { outcome: 'accepted', reading, warnings };
}

/** A column that is missing is like one that is null: there is no value, and no value is not zero. */
export function valueOf(reading: Reading, column: string): Cell {
  if (column === 'system_id') return reading.systemId;
  if (column === 'timestamp') return reading.eventTime.getTime();
  if (column === 'source') return reading.source ?? null;
  return Object.hasOwn(reading.values, column) ? (reading.values[column] ?? null) : null;
}
