import { type Column } from '../columnar-batch.js';
import { type Cell } from '../row-condition.js';

/** The outcome of an expectation. Undefined success: there was nothing to judge, which is not a pass. */
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
 * What one expectation has seen so far. Rows arrive in order, in blocks; the tallies of the parts of a window merge
 * into that of the whole. `mask`: 1 for the rows that count, at row - from.
 */
export interface Tally {
  add(column: Column | undefined, from: number, to: number, mask: Uint8Array | undefined): void;
  merge(later: this): void;
  outcome(): Outcome;
}

/** The test of a value, shared by readings and batches. Never called with null. */
export interface ValueTest {
  readonly number: (value: number) => boolean;
  readonly text: (value: string) => boolean;
}

/** Unexpected values that are kept for display, as in Great Expectations. */
export const maxSampleSize = 20;
/** Bound of the tallies that must store values. */
export const maxStoredValues = 1_000_000;
