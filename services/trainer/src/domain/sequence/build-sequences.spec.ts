import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildSequences, type SequenceSource } from './build-sequences.js';

const minute = 60_000;
const nothing = Number.NaN;

function source(
  rows: readonly (readonly [system: string, minutes: number, value: number])[],
): SequenceSource {
  return {
    systems: rows.map(([system]) => system),
    times: rows.map(([, minutes]) => minutes * minute),
    values: Float32Array.from(rows, ([, , value]) => value),
    channels: 1,
  };
}

function build(rows: Parameters<typeof source>[0], steps = 3, minFilledSteps = 1): number[][] {
  const built = buildSequences(source(rows), { steps, stepMs: 5 * minute, minFilledSteps });
  return Array.from(built.rows, (_, at) => [...built.values.subarray(at * steps, (at + 1) * steps)]);
}

describe('sequences of a system', () => {
  it('end with their row and pad the beginning of a history', () => {
    const rows = [0, 5, 10, 15].map((minutes) => ['a', minutes, minutes] as const);
    expect(build(rows)).toEqual([
      [nothing, nothing, 0],
      [nothing, 0, 5],
      [0, 5, 10],
      [5, 10, 15],
    ]);
  });

  it('never take a reading of another system', () => {
    expect(
      build([
        ['a', 0, 1],
        ['b', 1, 2],
        ['a', 5, 3],
      ]),
    ).toEqual([
      [nothing, nothing, 1],
      [nothing, nothing, 2],
      [nothing, 1, 3],
    ]);
  });

  it('keep a gap in its place', () => {
    expect(
      build([
        ['a', 0, 1],
        ['a', 10, 3],
      ])[1],
    ).toEqual([1, nothing, 3]);
  });

  it('take the newest reading of a step, which is closed on the right', () => {
    // Seen from minute 20 with steps of 5: (15, 20], (10, 15], (5, 10].
    const rows = [5, 6, 10, 10.01, 15, 15.01, 19, 20].map((minutes) => ['a', minutes, minutes] as const);
    expect(build(rows).at(-1)).toEqual([10, 15, 20]);
  });

  it('tell two readings of one instant apart by their order, each row ending with itself', () => {
    expect(
      build(
        [
          ['a', 0, 1],
          ['a', 5, 2],
          ['a', 5, 3],
          ['a', 10, 4],
        ],
        2,
      ),
    ).toEqual([
      [nothing, 1],
      [1, 2],
      [1, 3],
      [3, 4],
    ]);
  });

  it('are left out when too little is known, and counted', () => {
    const rows = source([
      ['a', 0, 1],
      ['b', 2, 2],
      ['a', 5, 3],
      ['a', 60, 4],
    ]);
    const built = buildSequences(rows, { steps: 3, stepMs: 5 * minute, minFilledSteps: 2 });
    expect([...built.rows]).toEqual([2]);
    expect([...built.filled]).toEqual([2]);
    expect([...built.values]).toEqual([nothing, 1, 3]);
    expect(built.dropped).toBe(3);
  });

  it('carry all channels of a reading, unknown values too', () => {
    const built = buildSequences(
      { systems: ['a', 'a'], times: [0, minute], values: Float32Array.of(1, nothing, 3, 4), channels: 2 },
      { steps: 2, stepMs: minute, minFilledSteps: 1 },
    );
    expect([...built.values]).toEqual([nothing, nothing, 1, nothing, 1, nothing, 3, 4]);
  });

  it.each([
    [{ steps: 0, stepMs: 1, minFilledSteps: 1 }, /steps is 0/],
    [{ steps: 2, stepMs: 0, minFilledSteps: 1 }, /0 ms/],
    [{ steps: 2, stepMs: 1, minFilledSteps: 3 }, /3 filled steps/],
    [{ steps: 2, stepMs: 1, minFilledSteps: 0 }, /minFilledSteps is 0/],
  ])('refuse the shape %o', (shape, message) => {
    expect(() => buildSequences(source([['a', 0, 1]]), shape)).toThrow(message);
  });

  it('refuse a row without a time, and columns of different length', () => {
    const shape = { steps: 2, stepMs: 1, minFilledSteps: 1 };
    expect(() => buildSequences(source([['a', nothing, 1]]), shape)).toThrow(/Row 0 has the time NaN/);
    expect(() => buildSequences({ ...source([['a', 0, 1]]), times: [] }, shape)).toThrow(/not as many rows/);
  });

  const anyRows = fc.array(
    fc.tuple(
      fc.constantFrom('a', 'b', 'c'),
      fc.integer({ min: 0, max: 40 }).map((half) => half / 2),
      fc.integer({ min: 1, max: 9 }),
    ),
    { maxLength: 25 },
  );

  it('are what a search through all rows finds', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const expected = rows.map(([system, end], row) =>
          [2, 1, 0].map((step) => {
            const inStep = rows
              .map(([other, minutes, value], at) => ({ other, minutes, value, at }))
              .filter(
                ({ other, minutes, at }) =>
                  other === system && (minutes < end || (minutes === end && at <= row)),
              )
              .filter(({ minutes }) => minutes > end - (step + 1) * 5 && minutes <= end - step * 5)
              .sort((a, b) => a.minutes - b.minutes || a.at - b.at);
            return inStep.at(-1)?.value ?? nothing;
          }),
        );
        expect(build(rows)).toEqual(expected);
      }),
      { seed: 42 },
    );
  });

  it('do not change when something happens after their row', () => {
    fc.assert(
      fc.property(anyRows, fc.integer({ min: 21, max: 60 }), (rows, later) => {
        expect(build([...rows, ['a', later, 5]]).slice(0, -1)).toEqual(build(rows));
      }),
      { seed: 42 },
    );
  });
});
