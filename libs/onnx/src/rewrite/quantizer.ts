import { type FreshNames } from './graph-names.js';
import { type Int8Weights } from './int8-weights.js';
import { type Constant } from '../tensor-values.js';

/** Shared by the rewrites of quantised matrix products. */
export interface Quantizer {
  readonly fresh: FreshNames;
  readonly perChannel: boolean;
  readonly steps: 127 | 64;
  addConstant(wanted: string, constant: Constant): string;
  report(weights: Int8Weights): void;
}

/** Transposes a matrix [rows, columns]. */
export function transposeBytes(bytes: Int8Array, rows: number, columns: number): Int8Array {
  return Int8Array.from(
    bytes,
    (_, place) => bytes[(place % rows) * columns + Math.floor(place / rows)] as number,
  );
}
