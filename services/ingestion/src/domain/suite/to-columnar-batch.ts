import { type ColumnarBatch, toTextColumn, type Column } from './columnar-batch.js';
import { type CompiledSuite, readCell } from './compiled-suite.js';
import { type Reading } from '../reading/reading.js';

/** Readings as columns: those that the suite reads with their values, the others by name only. */
export function toColumnarBatch(readings: readonly Reading[], suite: CompiledSuite): ColumnarBatch {
  const used = new Set(
    suite.rules.flatMap(({ column, condition }) => [
      ...(column === undefined ? [] : [column]),
      ...(condition?.columns ?? []),
    ]),
  );
  const seen = new Set<string>(readings.length > 0 ? ['system_id', 'timestamp'] : []);
  for (const { values, source } of readings) {
    for (const name of Object.keys(values)) seen.add(name);
    if (source !== undefined) seen.add('source');
  }
  const columns = new Map<string, Column>();
  for (const name of seen) {
    if (!used.has(name)) columns.set(name, { kind: 'mixed', values: [] });
    else if (name === 'system_id' || name === 'source') {
      columns.set(name, toTextColumn(readings.map((reading) => readCell(reading, name) as string | null)));
    } else {
      const values = Float64Array.from(
        readings,
        (reading) => (readCell(reading, name) as number | null) ?? NaN,
      );
      columns.set(name, { kind: 'numbers', values });
    }
  }
  return { rows: readings.length, columns };
}
