import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { digestOf } from '@headrace/kernel';
import { temporaryDirectory } from '@headrace/testing';
import { describe, expect, it } from 'vitest';
import { type TrainingSetReference } from '../../application/training-sets.js';
import { readTrainingSet } from './read-training-set.js';

const rows = [
  { system_id: 'web-2', event_time: '2026-11-23T10:00:00Z', cpu: 3.5, disk: null, label: 0 },
  { system_id: 'web-1', event_time: '2026-11-23T10:05:00.250Z', cpu: 1e30, disk: 7, label: 1 },
  { system_id: 'web-1', event_time: '2026-11-23T12:00:00+02:00', cpu: -0.25, disk: 8, label: 0 },
];

function reference(content: Uint8Array, changes: Partial<TrainingSetReference> = {}): TrainingSetReference {
  return {
    key: 'training-sets/a',
    digest: digestOf(content),
    rows: 3,
    positives: 1,
    from: '2026-11-23T10:00:00Z',
    to: '2026-11-23T10:05:00Z',
    featureNames: ['disk', 'cpu'],
    ...changes,
  };
}

const jsonLines = Buffer.from(`${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);

/** As the feature store writes it: DuckDB, timestamps in UTC, doubles. */
async function parquet(timestampType: 'TIMESTAMP' | 'TIMESTAMPTZ'): Promise<Uint8Array> {
  const file = join(temporaryDirectory(), 'set.parquet');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const values = rows
    .map(
      (row) =>
        `('${row.system_id}', ${timestampType} '${new Date(row.event_time).toISOString()}', ${row.cpu}::DOUBLE, ${String(row.disk)}::DOUBLE, ${row.label}::INTEGER)`,
    )
    .join(', ');
  await connection.run(
    `COPY (SELECT * FROM (VALUES ${values}) AS t(system_id, event_time, cpu, disk, label)) TO '${file}' (FORMAT parquet)`,
  );
  instance.closeSync();
  return readFileSync(file);
}

describe.each([
  ['JSON lines', () => Promise.resolve<Uint8Array>(jsonLines)],
  ['Parquet', () => parquet('TIMESTAMP')],
  ['Parquet with time zones', () => parquet('TIMESTAMPTZ')],
])('a training set in %s', (_, make) => {
  it('is read into rows in order of time and system, features in the order of the reference', async () => {
    const content = await make();
    const set = await readTrainingSet(content, reference(content));
    expect(set.systemIds).toEqual(['web-1', 'web-2', 'web-1']);
    expect(Array.from(set.times)).toEqual([
      Date.parse('2026-11-23T10:00:00Z'),
      Date.parse('2026-11-23T10:00:00Z'),
      Date.parse('2026-11-23T10:05:00.250Z'),
    ]);
    expect(Array.from(set.values)).toEqual([8, -0.25, Number.NaN, 3.5, 7, Math.fround(1e30)]);
    expect(Array.from(set.label)).toEqual([0, 0, 1]);
  });

  it('is refused when a feature is not in it, or it is shorter than was said', async () => {
    const content = await make();
    await expect(readTrainingSet(content, reference(content, { rows: 4 }))).rejects.toMatchObject({
      code: 'TRAINER_TRAINING_SET_UNREADABLE',
      message: expect.stringContaining('it has 3 rows, not 4') as string,
    });
    await expect(
      readTrainingSet(content, reference(content, { featureNames: ['cpu', 'network'] })),
    ).rejects.toMatchObject({ code: 'TRAINER_TRAINING_SET_UNREADABLE' });
  });
});

describe('a training set', () => {
  it('with other bytes than those of its digest is not learned from', async () => {
    const wrong = reference(jsonLines, { digest: digestOf('other') });
    await expect(readTrainingSet(jsonLines, wrong)).rejects.toThrow(/its digest is/);
  });

  it.each([
    ['not json\n', /line 1 is not JSON/],
    ['7\n', /line 1 is not an object/],
    [
      '{"system_id":"a","event_time":"2026-11-23T10:00:00Z","cpu":1,"disk":1}\n',
      /row 1 has no event_time or no label/,
    ],
    [
      '{"system_id":"a","event_time":"yesterday","label":0,"cpu":1,"disk":1}\n',
      /row 1 has no event_time or no label/,
    ],
    ['{"system_id":"a","event_time":"2026-11-23T10:00:00Z","label":0,"cpu":1}\n', /has no feature "disk"/],
  ])('of %j is refused with the line', async (text, message) => {
    const content = Buffer.from(text);
    await expect(readTrainingSet(content, reference(content, { rows: 1 }))).rejects.toThrow(message);
  });

  it('may be empty', async () => {
    const content = new Uint8Array(0);
    const set = await readTrainingSet(content, reference(content, { rows: 0 }));
    expect(set.rows).toBe(0);
  });
});
