import { cellAt, type Column } from '../columnar-batch.js';
import { type Cell } from '../row-condition.js';
import { type Outcome } from './tally.js';

/** Counts rows and missing values, as all tallies of a column do. */
export abstract class CountingTally {
  protected elements = 0;
  protected missing = 0;

  abstract value(value: number | string): void;

  /** Visits the unmasked rows of a block and calls `value` for those that are not null. */
  add(column: Column | undefined, from: number, to: number, mask: Uint8Array | undefined): void {
    for (let row = from; row < to; row += 1) {
      if (mask !== undefined && mask[row - from] === 0) continue;
      this.elements += 1;
      const cell = cellAt(column, row);
      if (cell === null) this.missing += 1;
      else this.value(cell);
    }
  }

  /** Counts the rows of a block that have a number, without calling `value`. */
  protected countNumbers(
    { values, valid }: Extract<Column, { kind: 'numbers' }>,
    from: number,
    to: number,
  ): void {
    let missing = 0;
    for (let row = from; row < to; row += 1) {
      const value = values[row] as number;
      if (value !== value || (valid !== undefined && valid[row] === 0)) missing += 1;
    }
    this.elements += to - from;
    this.missing += missing;
  }

  protected mergeCounts(later: CountingTally): void {
    this.elements += later.elements;
    this.missing += later.missing;
  }

  protected get present(): number {
    return this.elements - this.missing;
  }

  protected toValueOutcome(unexpected: number, sample: readonly Cell[], mostly: number): Outcome {
    const { elements, missing, present } = this;
    return {
      success: present === 0 ? undefined : (present - unexpected) / present >= mostly,
      observed: present === 0 ? undefined : (present - unexpected) / present,
      elementCount: elements,
      missingCount: missing,
      unexpectedCount: unexpected,
      unexpectedPercent: present === 0 ? undefined : (unexpected / present) * 100,
      sample,
    };
  }

  protected toAggregateOutcome(
    observed: number | readonly number[] | undefined,
    success: boolean | undefined,
  ): Outcome {
    return {
      success,
      observed,
      elementCount: this.elements,
      missingCount: this.missing,
      unexpectedCount: success === false ? 1 : 0,
      unexpectedPercent: undefined,
      sample: [],
    };
  }
}
