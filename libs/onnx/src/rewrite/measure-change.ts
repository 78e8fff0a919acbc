import { type Random } from '@headrace/kernel';
import { deflateRawSync } from 'node:zlib';
import { type CheckedModel } from '../admission/check-model.js';
import { proofRows } from '../scorer/prove-equal.js';
import { collectTrees } from '../trees/tree-classes.js';
import { RewriteRefusedError } from './rewrite.js';
import { type RewrittenModel } from './rewrite-model.js';

/** Rows to compare on: one row-major tensor per input of the model. */
export interface ModelRows {
  readonly rows: number;
  readonly inputs: Readonly<
    Record<string, { readonly values: Float32Array; readonly shape: readonly number[] }>
  >;
}

/** Runs a model file once on these rows and returns every output, one number per row. The caller provides the runtime. */
export type RunModel = (
  bytes: Uint8Array,
  rows: ModelRows,
) => Promise<Readonly<Record<string, ArrayLike<number>>>>;

export interface MeasuredChange {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Size after compression (deflate), where pruned weights save space. */
  readonly compressedBytesBefore: number;
  readonly compressedBytesAfter: number;
  readonly rows: number;
  /** Of all outputs and rows; 0 exactly when every answer has the same bits or is NaN on both sides. */
  readonly maxOutputChange: number;
  /** Of the output `probability`, over the rows that have an answer; `undefined` when none has. */
  readonly meanOutputChange: number | undefined;
  /** Where the largest change was. */
  readonly maxChangeAt: { readonly output: string; readonly row: number } | undefined;
}

/**
 * Runs the model before and after the rewrite on the same rows, one batch each, and measures how far the answers moved. An
 * answer that is NaN on one side only is a change of Infinity. Refuses zero rows, and a model of bit-identical rewrites whose
 * answers moved.
 */
export async function measureChange(
  original: Uint8Array,
  rewritten: RewrittenModel,
  rows: ModelRows,
  run: RunModel,
): Promise<MeasuredChange> {
  if (rows.rows < 1) throw new RewriteRefusedError('measure-change', 'there are no rows to compare on');
  const before = await run(original, rows);
  const after = await run(rewritten.bytes, rows);
  let maxOutputChange = 0;
  let maxChangeAt: MeasuredChange['maxChangeAt'];
  let sum = 0;
  let answered = 0;
  for (const [output, expected] of Object.entries(before)) {
    const answers = after[output] ?? [];
    if (expected.length !== rows.rows || answers.length !== rows.rows) {
      throw new RewriteRefusedError(
        'measure-change',
        `${output} has ${expected.length} answers before and ${answers.length} after for ${rows.rows} rows`,
      );
    }
    for (let row = 0; row < rows.rows; row += 1) {
      const change = computeChange(expected[row] as number, answers[row] as number);
      if (output === 'probability' && !Number.isNaN(expected[row])) {
        sum += change;
        answered += 1;
      }
      if (change <= maxOutputChange) continue;
      maxOutputChange = change;
      maxChangeAt = { output, row };
    }
  }
  if (rewritten.guarantee === 'bit-identical' && maxChangeAt !== undefined) {
    throw new RewriteRefusedError(
      rewritten.steps.map(({ rewrite }) => rewrite).join(', '),
      `it guarantees identical bits but moved ${maxChangeAt.output} of row ${maxChangeAt.row} by ${maxOutputChange}`,
    );
  }
  return {
    bytesBefore: rewritten.bytesBefore,
    bytesAfter: rewritten.bytesAfter,
    compressedBytesBefore: deflateRawSync(original).length,
    compressedBytesAfter: deflateRawSync(rewritten.bytes).length,
    rows: rows.rows,
    maxOutputChange,
    meanOutputChange: answered === 0 ? undefined : sum / answered,
    maxChangeAt,
  };
}

function computeChange(before: number, after: number): number {
  if (Object.is(before, after)) return 0;
  const change = Math.abs(before - after);
  // The smallest positive number instead of 0 for +0 and -0: they are equal but differ in bits.
  return Number.isNaN(change) ? Infinity : Math.max(change, Number.MIN_VALUE);
}

/**
 * Synthetic rows to measure on. For trees: values on, beside and between their thresholds, and missing values. Otherwise normally
 * distributed numbers with some missing; the same for `sequence`. Equal seeds give equal rows.
 */
export function seededRows(model: CheckedModel, rows: number, random: Random): ModelRows {
  const trees = model.trees ?? (model.classes && collectTrees(model.classes));
  const inputs = model.inputs.map(({ name, shape }) => {
    const sizes = shape.slice(1);
    const length = rows * sizes.reduce((product, size) => product * size, 1);
    const values =
      name === 'features' && trees !== undefined
        ? proofRows(trees, rows, random)
        : Float32Array.from({ length }, () => (random.next() < 0.02 ? NaN : random.normal()));
    return [name, { values, shape: [rows, ...sizes] }] as const;
  });
  return { rows, inputs: Object.fromEntries(inputs) };
}
