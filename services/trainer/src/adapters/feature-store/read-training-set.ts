import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { AppError, describeError, digestOf } from '@headrace/kernel';
import { type TrainingSet, type TrainingSetReference } from '../../application/training-sets.js';

export class TrainingSetUnreadableError extends AppError {
  readonly code = 'TRAINER_TRAINING_SET_UNREADABLE';
  readonly kind = 'invalid';

  constructor(reference: TrainingSetReference, reason: string, cause?: unknown) {
    super(`Training set ${reference.key} cannot be read: ${reason}`, cause === undefined ? {} : { cause });
  }
}

/** Rows in whatever order the file has them. */
interface RawRows {
  readonly systemIds: string[];
  readonly times: Float64Array;
  /** One array a feature. */
  readonly columns: readonly Float32Array[];
  readonly label: Float32Array;
}

const parquetMagic = Buffer.from('PAR1');

/**
 * Reads a set, Parquet or JSON lines, with the columns `system_id`, `event_time`, the features and `label`, and sorts it
 * by time and system, so that the same set always gives the same rows in the same order. Bytes that are not those of
 * the reference are refused: a model must name exactly what it learned from.
 */
export async function readTrainingSet(
  content: Uint8Array,
  reference: TrainingSetReference,
): Promise<TrainingSet> {
  const digest = digestOf(content);
  if (digest !== reference.digest) {
    throw new TrainingSetUnreadableError(reference, `its digest is ${digest}, not ${reference.digest}`);
  }
  const isParquet = Buffer.from(content.subarray(0, 4)).equals(parquetMagic);
  const raw = isParquet ? await readParquet(content, reference) : await readJsonLines(content, reference);
  if (raw.times.length !== reference.rows) {
    throw new TrainingSetUnreadableError(reference, `it has ${raw.times.length} rows, not ${reference.rows}`);
  }
  const unfit = raw.times.findIndex(
    (time, row) => Number.isNaN(time) || Number.isNaN(raw.label[row] ?? Number.NaN),
  );
  if (unfit >= 0) {
    throw new TrainingSetUnreadableError(reference, `row ${unfit + 1} has no event_time or no label`);
  }
  return sorted(raw, reference.featureNames);
}

async function readParquet(content: Uint8Array, reference: TrainingSetReference): Promise<RawRows> {
  const directory = await mkdtemp(join(tmpdir(), 'headrace-training-set-'));
  try {
    const file = join(directory, 'set.parquet');
    await writeFile(file, content);
    const instance = await DuckDBInstance.create(':memory:');
    try {
      const connection = await instance.connect();
      const features = reference.featureNames.map((name) => `CAST(${identifier(name)} AS FLOAT)`);
      const reader = await connection.runAndReadAll(
        `SELECT CAST(system_id AS VARCHAR), epoch_ms(event_time), CAST(label AS FLOAT), ${features.join(', ')}
         FROM read_parquet(${literal(file)})`,
      );
      const [systemIds = [], times = [], label = [], ...columns] = reader.getColumns();
      return {
        systemIds: systemIds.map(String),
        times: Float64Array.from(times, numberOf),
        label: floats(label),
        columns: columns.map(floats),
      };
    } finally {
      instance.closeSync();
    }
  } catch (error) {
    throw new TrainingSetUnreadableError(reference, describeError(error), error);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function readJsonLines(content: Uint8Array, reference: TrainingSetReference): Promise<RawRows> {
  const lines = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  const raw: RawRows = {
    systemIds: [],
    times: new Float64Array(lines.length),
    label: new Float32Array(lines.length),
    columns: reference.featureNames.map(() => new Float32Array(lines.length)),
  };
  for (const [row, line] of lines.entries()) {
    // Parsing a hundred thousand lines takes a second; requests get their turn on the way.
    if (row % 2_000 === 1_999) await nextTurn();
    const fields = parsed(line, row, reference);
    const absent = reference.featureNames.find((name) => !(name in fields));
    if (absent !== undefined) {
      throw new TrainingSetUnreadableError(reference, `line ${row + 1} has no feature "${absent}"`);
    }
    raw.systemIds.push(String(fields['system_id']));
    raw.times[row] = Date.parse(String(fields['event_time']));
    raw.label[row] = numberOf(fields['label']);
    for (const [column, name] of reference.featureNames.entries()) {
      const values = raw.columns[column];
      if (values !== undefined) values[row] = numberOf(fields[name]);
    }
  }
  return raw;
}

function parsed(
  line: string,
  row: number,
  reference: TrainingSetReference,
): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (error) {
    throw new TrainingSetUnreadableError(reference, `line ${row + 1} is not JSON`, error);
  }
  throw new TrainingSetUnreadableError(reference, `line ${row + 1} is not an object`);
}

/** Sorted by time, then by system. */
function sorted(raw: RawRows, featureNames: readonly string[]): TrainingSet {
  const rows = raw.times.length;
  const order = Array.from({ length: rows }, (_, row) => row).sort((left, right) => {
    const byTime = (raw.times[left] ?? 0) - (raw.times[right] ?? 0);
    if (byTime !== 0) return byTime;
    const [first = '', second = ''] = [raw.systemIds[left], raw.systemIds[right]];
    return first < second ? -1 : first > second ? 1 : 0;
  });
  const width = featureNames.length;
  const values = new Float32Array(rows * width);
  const label = new Float32Array(rows);
  const times = new Float64Array(rows);
  for (const [to, from] of order.entries()) {
    label[to] = raw.label[from] ?? Number.NaN;
    times[to] = raw.times[from] ?? Number.NaN;
    for (let column = 0; column < width; column += 1) {
      values[to * width + column] = raw.columns[column]?.[from] ?? Number.NaN;
    }
  }
  return {
    featureNames,
    rows,
    values,
    label,
    times,
    systemIds: order.map((from) => raw.systemIds[from] ?? ''),
  };
}

function floats(values: readonly unknown[]): Float32Array {
  return Float32Array.from(values, numberOf);
}

/** Null is not known; it is not 0. */
function numberOf(value: unknown): number {
  if (value === null || value === undefined) return Number.NaN;
  return Number(value);
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
