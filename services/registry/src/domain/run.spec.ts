import { describe, expect, it } from 'vitest';
import { logToRun, startRun, updateRun, type LogBatch, type RunState } from './run.js';

const now = new Date('2026-11-23T10:00:00Z');
const experiment = { id: '7', lifecycleStage: 'active' } as const;
const request = { userId: 'ada', name: '', startMs: undefined, tags: [] };
const id = '0123456789abcdef0123456789abcdef';
const state = (changes: Partial<RunState> = {}): RunState => ({
  id: 'r1',
  lifecycleStage: 'active',
  params: new Map(),
  ...changes,
});
const batch = (changes: Partial<LogBatch>): LogBatch => ({ metrics: [], params: [], tags: [], ...changes });
const point = (value: number, step = 0, timestamp = 0) => ({ key: 'loss', value, step, timestamp });

describe('a new run', () => {
  it('runs from now unless the client names another start', () => {
    expect(startRun(experiment, request, id, now)).toMatchObject({
      id,
      experimentId: '7',
      userId: 'ada',
      status: 'RUNNING',
      startMs: now.getTime(),
    });
    expect(startRun(experiment, { ...request, startMs: 5 }, id, now).startMs).toBe(5);
  });

  it.each([
    ['its own name', 'mine', [{ key: 'mlflow.runName', value: 'tagged' }], 'mine'],
    ['the name in its tags', '', [{ key: 'mlflow.runName', value: 'tagged' }], 'tagged'],
    ['a name made from its id', '', [], 'run-01234567'],
  ])('has %s, and says so in its tags', (_, name, tags, expected) => {
    const run = startRun(experiment, { ...request, name, tags }, id, now);
    expect(run.name).toBe(expected);
    expect(run.tags).toEqual([{ key: 'mlflow.runName', value: expected }]);
  });

  it('is refused in a deleted experiment', () => {
    expect(() => startRun({ id: '7', lifecycleStage: 'deleted' }, request, id, now)).toThrow(
      'Experiment 7 is deleted; restore it first',
    );
  });
});

describe('a parameter', () => {
  it('is stored once and may be logged again with the same value', () => {
    const params = [
      { key: 'depth', value: '6' },
      { key: 'rounds', value: '10' },
      { key: 'rounds', value: '10' },
    ];
    const change = logToRun(state({ params: new Map([['depth', '6']]) }), batch({ params }));
    expect(change.params).toEqual([{ key: 'rounds', value: '10' }]);
  });

  it.each([
    ['the stored value', new Map([['depth', '6']]), [{ key: 'depth', value: '7' }]],
    [
      'a value of the same batch',
      new Map<string, string>(),
      [
        { key: 'depth', value: '6' },
        { key: 'depth', value: '7' },
      ],
    ],
  ])('cannot change %s', (_, stored, params) => {
    expect(() => logToRun(state({ params: stored }), batch({ params }))).toThrow(
      'Parameter depth of run r1 is 6 and cannot become 7: parameters do not change',
    );
  });

  it('may be empty, which is a value like any other', () => {
    const empty = state({ params: new Map([['note', '']]) });
    expect(logToRun(empty, batch({ params: [{ key: 'note', value: '' }] })).params).toEqual([]);
    expect(() => logToRun(empty, batch({ params: [{ key: 'note', value: 'x' }] }))).toThrow('do not change');
  });
});

it('takes the last value of a tag that a batch holds twice', () => {
  const tags = [
    { key: 'team', value: 'a' },
    { key: 'team', value: 'b' },
  ];
  expect(logToRun(state(), batch({ tags })).tags).toEqual([{ key: 'team', value: 'b' }]);
});

describe('the latest point of a metric', () => {
  it.each([
    ['has the highest step', [point(1, 2, 5), point(9, 1, 9)], point(1, 2, 5)],
    ['is the newest of its step', [point(1, 1, 9), point(9, 1, 5)], point(1, 1, 9)],
    ['is the largest of its instant', [point(9), point(1)], point(9)],
    ['is NaN before any number', [point(9), point(Number.NaN), point(1)], point(Number.NaN)],
  ])('%s', (_, metrics, expected) => {
    const change = logToRun(state(), batch({ metrics }));
    expect(change.latestMetrics).toEqual([expected]);
    expect(change.metrics).toEqual(metrics);
  });
});

describe('a deleted run', () => {
  const deleted = state({ lifecycleStage: 'deleted' });

  it('accepts no logs', () => {
    expect(() => logToRun(deleted, batch({}))).toThrow('Run r1 is deleted; restore it before logging to it');
  });

  it('can end but cannot be renamed', () => {
    expect(updateRun(deleted, { status: 'KILLED', endMs: 5 })).toMatchObject({ status: 'KILLED', endMs: 5 });
    expect(() => updateRun(deleted, { status: 'KILLED', name: 'new' })).toThrow('Run r1 is deleted');
  });
});

it('renames a run together with its tag', () => {
  expect(updateRun(state(), { name: 'new', status: 'FINISHED' })).toMatchObject({
    name: 'new',
    status: 'FINISHED',
    tags: [{ key: 'mlflow.runName', value: 'new' }],
  });
});
