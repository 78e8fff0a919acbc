import { type Cell } from './row-condition.js';

/** A column of a batch. NaN is a missing value, as in pandas: nothing was measured. */
export type Column =
  /** `valid`: 1 where there is a value. Without it every row has one. */
  | { readonly kind: 'numbers'; readonly values: Float64Array; readonly valid?: Uint8Array }
  /** Codes into a dictionary of distinct texts; -1 is a missing value. */
  | { readonly kind: 'texts'; readonly codes: Int32Array; readonly dictionary: readonly string[] }
  | { readonly kind: 'mixed'; readonly values: readonly (Cell | undefined)[] };

/** Rows by column. A column that is not there has no values. */
export interface ColumnarBatch {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Column>;
}

export function cellAt(column: Column | undefined, row: number): Cell {
  switch (column?.kind) {
    case undefined:
      return null;
    case 'numbers': {
      const value = column.values[row];
      const absent = value === undefined || value !== value || column.valid?.[row] === 0;
      return absent ? null : value;
    }
    case 'texts':
      return column.dictionary[column.codes[row] ?? -1] ?? null;
    case 'mixed': {
      const value = column.values[row] ?? null;
      return typeof value === 'number' && value !== value ? null : value;
    }
  }
}

/** A column with each distinct text stored once. */
export function toTextColumn(texts: readonly (string | null)[]): Column {
  const numbers = new Map<string, number>();
  const codes = new Int32Array(texts.length);
  texts.forEach((text, row) => {
    if (text === null) {
      codes[row] = -1;
      return;
    }
    let code = numbers.get(text);
    if (code === undefined) numbers.set(text, (code = numbers.size));
    codes[row] = code;
  });
  return { kind: 'texts', codes, dictionary: [...numbers.keys()] };
}
