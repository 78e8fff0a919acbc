import { type Declared } from '@headrace/kernel';
import { type ColumnarBatch } from './columnar-batch.js';
import { compileExpectation, type CompiledRule } from './compile-expectation.js';
import { readReading, toReason, type TimeBounds } from '../reading/read-reading.js';
import { type IncomingReading, type Judged, type Reading, type Reason } from '../reading/reading.js';
import { type Cell } from './row-condition.js';
import { type Suite } from './suite.js';
import { type SuiteResults, SuiteTally } from './suite-tally.js';

/**
 * A suite compiled to functions, for one reading, a batch, or the parts of a window. The test of a value is built once
 * per expectation; the check of a reading at the edge and the tallies of batches and windows share it.
 */
export class CompiledSuite {
  readonly name: string;
  readonly version: string;
  readonly rules: readonly CompiledRule[];

  constructor({ name, version, value }: Declared<Suite>) {
    this.name = name;
    this.version = version;
    this.rules = value.expectations.map(compileExpectation);
  }

  judge(incoming: IncomingReading, bounds: TimeBounds): Judged {
    return judge(this.rules, incoming, bounds);
  }

  newTally(): SuiteTally {
    return new SuiteTally(this.rules);
  }
}

/** Validates one batch in one pass. */
export function validateBatch(suite: CompiledSuite, batch: ColumnarBatch, now: Date): SuiteResults {
  const tally = suite.newTally();
  tally.add(batch);
  return tally.results(now);
}

function judge(rules: readonly CompiledRule[], incoming: IncomingReading, bounds: TimeBounds): Judged {
  if (incoming.unreadable !== undefined) {
    const reason = toReason('reading_is_readable', null, incoming.content, incoming.unreadable);
    return { outcome: 'quarantined', systemId: undefined, reasons: [reason] };
  }
  const read = readReading(incoming.content, bounds);
  if (read.reading === undefined) {
    return { outcome: 'quarantined', systemId: read.systemId, reasons: read.reasons };
  }
  const { reading } = read;
  const reasons: Reason[] = [];
  const warnings: Reason[] = [];
  const valueIn = (column: string): Cell => readCell(reading, column);
  for (const rule of rules) {
    if (rule.column === undefined || rule.judgesCell === undefined) continue;
    if (rule.condition !== undefined && !rule.condition.test(valueIn)) continue;
    const value = valueIn(rule.column);
    if (rule.judgesCell(value)) continue;
    (rule.enforced ? reasons : warnings).push(toReason(rule.word, rule.column, value, rule.message));
  }
  return reasons.length > 0
    ? { outcome: 'quarantined', systemId: reading.systemId, reasons, reading }
    : { outcome: 'accepted', reading, warnings };
}

/** A missing column is null: there is no value, and no value is not zero. */
export function readCell(reading: Reading, column: string): Cell {
  if (column === 'system_id') return reading.systemId;
  if (column === 'timestamp') return reading.eventTime.getTime();
  if (column === 'source') return reading.source ?? null;
  return Object.hasOwn(reading.values, column) ? (reading.values[column] ?? null) : null;
}
