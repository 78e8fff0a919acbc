import { AppError } from '@headrace/kernel';

/**
 * Rows of JSON values turned on their side, so that field names and repeated values are written once:
 *
 * - `{"s": value}`: every row has this scalar;
 * - `{"v": [value, ...]}`: one value a row, as it is;
 * - `{"o": {name: column, ...}}`: every row is an object; each field is a column again.
 *
 * `"m": [row, ...]` beside any of them lists rows that have no such field; absent is not null.
 */
export type Column = (
  | { readonly s: Scalar }
  | { readonly v: readonly unknown[] }
  | { readonly o: Readonly<Record<string, Column>> }
) & { readonly m?: readonly number[] };

type Scalar = string | number | boolean | null;
type Row = Readonly<Record<string, unknown>>;

/** Objects with more distinct field names than this times their mean size are written row by row: columns would be holes. */
const sparse = 4;

export class ColumnsUnreadableError extends AppError {
  readonly code = 'MESSAGING_BATCH_UNREADABLE';
  readonly kind = 'invalid';
}

export function encodeColumn(values: readonly unknown[]): Column {
  const missing: number[] = [];
  let firstPresent: unknown;
  let allObjects = true;
  let allEqual = true;
  let seen = false;
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === undefined) {
      missing.push(row);
      continue;
    }
    if (!seen) {
      seen = true;
      firstPresent = value;
      allEqual = isScalar(value);
    } else if (allEqual && value !== firstPresent) allEqual = false;
    if (allObjects && !isPlainObject(value)) allObjects = false;
  }
  const gaps = missing.length === 0 ? {} : { m: missing };
  if (!seen) return { s: null, ...gaps };
  if (allEqual && isScalar(firstPresent)) return { s: firstPresent, ...gaps };
  const rows = values as readonly (Row | undefined)[];
  const common = allObjects && missing.length === 0 ? commonFieldsOf(values as readonly Row[]) : undefined;
  if (common !== undefined) {
    const columns: Record<string, Column> = {};
    for (const field of common) {
      setField(columns, field, encodeColumn((values as readonly Row[]).map((row) => row[field])));
    }
    return { o: columns };
  }
  const fields = allObjects ? fieldsOf(rows) : undefined;
  if (fields === undefined) {
    return { v: missing.length === 0 ? values : values.map((value) => value ?? null), ...gaps };
  }
  const columns: Record<string, Column> = {};
  for (const field of fields) {
    setField(columns, field, encodeColumn(rows.map((row) => fieldOf(row, field))));
  }
  return { o: columns, ...gaps };
}

/** The rows again; throws ColumnsUnreadableError for anything that `encodeColumn` would not have written. */
export function decodeColumn(column: unknown, rows: number): unknown[] {
  if (!isPlainObject(column)) throw new ColumnsUnreadableError('A column of a batch is not an object');
  const values = decodePresent(column, rows);
  const missing = column['m'];
  if (missing === undefined) return values;
  if (!Array.isArray(missing)) throw new ColumnsUnreadableError('"m" of a column is not a list of rows');
  for (const row of missing as unknown[]) {
    if (typeof row !== 'number' || !Number.isInteger(row) || row < 0 || row >= rows) {
      throw new ColumnsUnreadableError(`"m" of a column names row ${String(row)} of ${rows}`);
    }
    values[row] = undefined;
  }
  return values;
}

function decodePresent(column: Row, rows: number): unknown[] {
  if ('s' in column) return new Array<unknown>(rows).fill(column['s']);
  const each = column['v'];
  if (Array.isArray(each)) {
    if (each.length !== rows) {
      throw new ColumnsUnreadableError(`A column holds ${each.length} values for ${rows} events`);
    }
    return each as unknown[];
  }
  const fields = column['o'];
  if (!isPlainObject(fields)) throw new ColumnsUnreadableError('A column is none of "s", "v" and "o"');
  const objects = Array.from({ length: rows }, (): Record<string, unknown> => ({}));
  for (const [field, nested] of Object.entries(fields)) {
    const values = decodeColumn(nested, rows);
    for (let row = 0; row < rows; row++) {
      const value = values[row];
      const target = objects[row];
      if (value !== undefined && target !== undefined) setField(target, field, value);
    }
  }
  return objects;
}

/** The fields of the first row when all have just these in the same order, as events that one program made have. */
function commonFieldsOf(rows: readonly Row[]): readonly string[] | undefined {
  const fields: string[] = [];
  for (const field in rows[0]) fields.push(field);
  if (fields.length === 0 || fields.includes('__proto__')) return undefined;
  for (const row of rows) {
    let at = 0;
    for (const field in row) {
      if (fields[at] !== field) return undefined;
      at++;
    }
    if (at !== fields.length) return undefined;
  }
  return fields;
}

function fieldsOf(rows: readonly (Row | undefined)[]): ReadonlySet<string> | undefined {
  const fields = new Set<string>();
  let total = 0;
  let present = 0;
  for (const row of rows) {
    if (row === undefined) continue;
    present++;
    for (const field in row) {
      fields.add(field);
      total++;
    }
  }
  return fields.size * present > sparse * Math.max(total, 1) ? undefined : fields;
}

function fieldOf(row: Row | undefined, field: string): unknown {
  return row !== undefined && Object.hasOwn(row, field) ? row[field] : undefined;
}

/** `__proto__` arrives as a field like any other and must not become the prototype. */
function setField<T>(target: Record<string, T>, field: string, value: T): void {
  if (field === '__proto__') {
    Object.defineProperty(target, field, { value, enumerable: true, writable: true, configurable: true });
  } else {
    target[field] = value;
  }
}

function isScalar(value: unknown): value is Scalar {
  return (
    value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  );
}

function isPlainObject(value: unknown): value is Row {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
