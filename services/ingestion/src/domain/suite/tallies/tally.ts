import { type Column } from '../columnar-batch.js';
import { type Cell } from '../row-condition.js';

/** What a tally says when it is asked. Undefined success: there was nothing to judge, which is no pass. */
export interface Outcome {
  readonly success: boolean | undefined;
  readonly observed: number | readonly number[] | undefined;
  readonly elementCount: number;
  readonly missingCount: number;
  readonly unexpectedCount: number;
  readonly unexpectedPercent: number | undefined;
  readonly sample: readonly Cell[];
}

/**
 * What one expectation has seen so far. Rows come in order, in blocks; tallies of the parts of a window merge to that of the
 * whole. `mask`: 1 for the rows that take part, at row - from.
 */
export interface Tally {
  add(column: Column | undefined, from: number, to: number, mask: Uint8Array | undefined): void;
  merge(later: this): void;
  outcome(): Outcome;
}

/** How a value is judged: the one definition, asked for a reading as for a batch. Never asked about null. */
export interface ValueTest {
  readonly number: (value: number) => boolean;
  readonly text: (value: string) => boolean;
}

/** How many unexpected values are kept to be shown, as in Great Expectations. */
export const maxSampleSize = 20;
/** How many values a tally keeps that has to keep them. */
export const maxStoredValues = 1_000_000;
