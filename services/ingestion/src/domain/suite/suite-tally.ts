import { cellAt, type ColumnarBatch } from './columnar-batch.js';
import { type CompiledRule } from './compile-expectation.js';
import { type Reason } from '../reading/reading.js';
import { type Outcome, maxSampleSize, type Tally } from './tallies/tally.js';
import { ValueTally } from './tallies/value-tally.js';
import { NullTally } from './tallies/null-tally.js';

/** The result of one expectation, in the terms of Great Expectations. */
export interface ExpectationResult extends Omit<Outcome, 'sample'> {
  readonly expectation: string;
  readonly column: string | undefined;
  readonly severity: CompiledRule['severity'];
  /** Some of the unexpected values, short enough to display. */
  readonly sample: readonly string[];
}

export interface SuiteResults {
  readonly rows: number;
  /** No expectation of severity `error` failed, and there was at least one row. */
  readonly success: boolean;
  readonly results: readonly ExpectationResult[];
}

/** Small enough for a block of a column to stay in the processor's cache while every rule reads it. */
const blockRows = 1_024;
const maxNames = 1_000;

/**
 * What a suite has seen so far of a table that arrives in batches. Makes one pass over a batch: every rule reads a
 * block of rows before the next block. The tallies of the parts of a window merge into that of the whole window.
 */
export class SuiteTally {
  rows = 0;
  private readonly tallies: readonly Tally[];
  private readonly names = new Set<string>();
  /** Rules with the same condition share its mask. */
  private readonly masks = new Map<string, Uint8Array>();

  constructor(private readonly rules: readonly CompiledRule[]) {
    this.tallies = rules.map(({ newTally }) => newTally());
    for (const { condition } of rules) {
      if (condition !== undefined) this.masks.set(condition.text, new Uint8Array(blockRows));
    }
  }

  add(batch: ColumnarBatch): void {
    const { rows, columns } = batch;
    for (const name of columns.keys()) if (this.names.size < maxNames) this.names.add(name);
    this.rows += rows;
    for (let from = 0; from < rows; from += blockRows) {
      const to = Math.min(rows, from + blockRows);
      this.fillMasks(batch, from, to);
      for (let index = 0; index < this.rules.length; index += 1) {
        const { column, condition } = this.rules[index] as CompiledRule;
        if (column === undefined) continue;
        const mask = condition === undefined ? undefined : this.masks.get(condition.text);
        (this.tallies[index] as Tally).add(columns.get(column), from, to, mask);
      }
    }
  }

  /** Adds a row that is not well-formed: the values it was rejected for are unexpected, the others are not known. */
  addUnreadable(reasons: readonly Reason[]): void {
    this.rows += 1;
    for (const [index, rule] of this.rules.entries()) {
      const tally = this.tallies[index];
      const reason = reasons.find(({ column }) => column !== null && column === rule.column);
      if (reason === undefined) continue;
      if (tally instanceof ValueTally) tally.addUnreadable(reason.observed);
      else if (tally instanceof NullTally && reason.rule === rule.word) tally.add(undefined, 0, 1, undefined);
    }
  }

  merge(later: SuiteTally): void {
    this.rows += later.rows;
    for (const name of later.names) if (this.names.size < maxNames) this.names.add(name);
    this.tallies.forEach((tally, index) => {
      tally.merge(later.tallies[index] as Tally);
    });
  }

  results(now: Date): SuiteResults {
    const results = this.rules.map((rule, index) => this.toResult(rule, this.tallies[index] as Tally, now));
    return {
      rows: this.rows,
      success:
        this.rows > 0 && results.every(({ success, severity }) => success !== false || severity !== 'error'),
      results,
    };
  }

  private toResult(rule: CompiledRule, tally: Tally, now: Date): ExpectationResult {
    const { sample, ...outcome } =
      rule.table === undefined ? tally.outcome() : this.toTableOutcome(rule, tally, now);
    return {
      expectation: rule.word,
      column: rule.table === undefined ? rule.column : undefined,
      severity: rule.severity,
      ...outcome,
      sample: sample.map((value) => (typeof value === 'string' ? value.slice(0, 200) : String(value))),
    };
  }

  private toTableOutcome({ table }: CompiledRule, tally: Tally, now: Date): Outcome {
    const of = (
      observed: number | undefined,
      success: boolean | undefined,
      sample: readonly string[] = [],
    ): Outcome => ({
      success,
      observed,
      elementCount: this.rows,
      missingCount: 0,
      unexpectedCount: sample.length > 0 ? sample.length : success === false ? 1 : 0,
      unexpectedPercent: undefined,
      sample: sample.slice(0, maxSampleSize),
    });
    switch (table?.kind) {
      case 'row-count':
        return of(this.rows, this.rows >= table.min && this.rows <= table.max);
      case 'columns': {
        if (this.rows === 0) return of(undefined, undefined);
        const missing = table.expected.filter((name) => !this.names.has(name));
        const others = table.exact ? [...this.names].filter((name) => !table.expected.includes(name)) : [];
        const wrong = [...missing, ...others];
        return of(this.names.size, wrong.length === 0, wrong);
      }
      case 'freshness': {
        const { observed } = tally.outcome();
        if (typeof observed !== 'number') return of(undefined, undefined);
        const ageMinutes = (now.getTime() - observed) / 60_000;
        return of(ageMinutes, ageMinutes <= table.maxAgeMinutes);
      }
      case undefined:
        return tally.outcome();
    }
  }

  private fillMasks({ columns }: ColumnarBatch, from: number, to: number): void {
    for (const { condition } of this.rules) {
      const mask = condition === undefined ? undefined : this.masks.get(condition.text);
      if (condition === undefined || mask === undefined) continue;
      let row = from;
      const valueOf = (column: string) => cellAt(columns.get(column), row);
      for (; row < to; row += 1) mask[row - from] = condition.test(valueOf) ? 1 : 0;
    }
  }
}
