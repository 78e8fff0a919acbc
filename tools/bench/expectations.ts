import { type Column, type ColumnarBatch, toTextColumn } from '@headrace/ingestion/columnar-batch';
import { CompiledSuite, validateBatch } from '@headrace/ingestion/compiled-suite';
import { suiteSchema } from '@headrace/ingestion/suite';
import { SeededRandom } from '@headrace/kernel';
import { type BenchResult, median } from './bench-result.js';
import { runPeer } from './peers/run-peer.js';

const rows = 100_000;
const rounds = 15;
const regions = ['eu', 'us', 'ap', 'sa'];
const expectation = (word: string, kwargs: object) => ({ expectation_type: `expect_${word}`, kwargs });

/** The same ten as in peers/expectations.py. */
const suite = new CompiledSuite({
  name: 'bench',
  version: 'bench',
  digest: 'sha256:',
  value: suiteSchema.parse({
    expectation_suite_name: 'bench',
    expectations: [
      expectation('table_row_count_to_be_between', { min_value: 1, max_value: 1_000_000 }),
      expectation('column_values_to_not_be_null', { column: 'timestamp' }),
      expectation('column_values_to_not_be_null', { column: 'system_id' }),
      expectation('column_values_to_be_between', { column: 'cpu_usage', min_value: 0, max_value: 100 }),
      expectation('column_values_to_be_between', { column: 'memory_usage', min_value: 0, max_value: 100 }),
      expectation('column_values_to_be_between', {
        column: 'disk_io',
        min_value: 0,
        max_value: 4_900,
        mostly: 0.9,
      }),
      expectation('column_values_to_be_in_set', { column: 'region', value_set: regions }),
      expectation('column_values_to_match_regex', { column: 'system_id', regex: '^web-[0-9]+$' }),
      expectation('column_values_to_be_unique', { column: 'reading_id' }),
      expectation('column_mean_to_be_between', { column: 'load', min_value: 0, max_value: 100 }),
    ],
  }),
});

/**
 * Ten expectations over a batch of 100,000 rows and ten columns, one percent of the numbers missing: one pass of the
 * compiled suite, against pandera and Great Expectations over pandas in the same run.
 */
export function benchExpectations(): BenchResult[] {
  const random = new SeededRandom(7);
  const numbers = (value: (row: number) => number): Column => ({
    kind: 'numbers',
    values: Float64Array.from({ length: rows }, (_, row) => value(row)),
  });
  const measured = (most: number): Column =>
    numbers(() => (random.next() < 0.01 ? NaN : random.next() * most));
  const systems = Array.from({ length: rows }, () => `web-${random.integer(1_000)}`);
  const places = Array.from({ length: rows }, () => regions[random.integer(regions.length)]!);
  const batchOf = (): ColumnarBatch => ({
    rows,
    columns: new Map<string, Column>([
      ['system_id', toTextColumn(systems)],
      ['region', toTextColumn(places)],
      ...measurements,
    ]),
  });
  const measurements: readonly (readonly [string, Column])[] = [
    ['timestamp', numbers((row) => 1_795_000_000_000 + row)],
    ['reading_id', numbers((row) => ((row * 48_271) % 100_003) * 7 + 1)],
    ['cpu_usage', measured(100)],
    ['memory_usage', measured(100)],
    ['disk_io', measured(5_000)],
    ['net_io', measured(5_000)],
    ['load', measured(100)],
    ['temperature', measured(90)],
  ];
  const batch = batchOf();
  const now = new Date(1_795_000_000_000);
  const check = (given: ColumnarBatch): void => {
    const { success, results } = validateBatch(suite, given, now);
    if (!success || results.length !== 10) {
      throw new Error('The batch of the benchmark does not pass its suite');
    }
  };
  const rate = ratePerSecond(() => {
    check(batch);
  });
  const fromTexts = ratePerSecond(() => {
    check(batchOf());
  });
  const peer = runPeer('expectations.py', String(rows));
  const references = Object.entries(peer?.values ?? {}).map(([name, value]) => ({
    name: `${name} ${peer?.versions[name] ?? ''}`,
    value,
  }));
  const base = { unit: 'rows/s', better: 'higher' } as const;
  const name = `ten expectations, ${rows} rows x 10 columns`;
  return [
    ...(references.length === 0 ? [{ name, value: rate, ...base }] : []),
    ...references.map((reference) => ({
      name,
      value: rate,
      ...base,
      reference,
    })),
    { name: `${name}, texts put into a dictionary first`, value: fromTexts, ...base },
  ];
}

function ratePerSecond(run: () => void): number {
  for (let warmUp = 0; warmUp < 5; warmUp += 1) run();
  const seconds = Array.from({ length: rounds }, () => {
    const began = performance.now();
    run();
    return (performance.now() - began) / 1_000;
  });
  return rows / median(seconds);
}
