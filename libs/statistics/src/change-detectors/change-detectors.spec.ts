import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { adwin, initialAdwinState, adwinWindow } from './adwin.js';
import { cusum, initialCusumState } from './cusum.js';
import { readGolden } from '../golden/read-golden.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { pageHinkley, type PageHinkleyOptions, initialPageHinkleyState } from './page-hinkley.js';

const { streams } = readGolden('streams') as {
  streams: {
    name: string;
    values: number[];
    pageHinkley: number[];
    pageHinkleyDown: number[];
    adwin: number[];
  }[];
};

function alarmsOf<State>(
  values: ArrayLike<number>,
  start: State,
  next: (state: State, value: number) => State,
  alarmed: (state: State) => boolean,
): number[] {
  const alarms: number[] = [];
  let state = start;
  for (let index = 0; index < values.length; index += 1) {
    state = next(state, values[index]!);
    if (alarmed(state)) alarms.push(index);
  }
  return alarms;
}

const pageHinkleyAlarms = (values: ArrayLike<number>, options: PageHinkleyOptions): number[] =>
  alarmsOf(
    values,
    initialPageHinkleyState,
    (state, value) => pageHinkley(state, value, options),
    (state) => state.drifted,
  );
const adwinAlarms = (values: ArrayLike<number>): number[] =>
  alarmsOf(values, initialAdwinState, adwin, (state) => state.drifted);

describe.each(streams)('detectors on "$name" against River', ({ values, ...river }) => {
  it('Page-Hinkley alarms at the same values', () => {
    expect(pageHinkleyAlarms(values, { threshold: 10 })).toEqual(river.pageHinkley);
    expect(pageHinkleyAlarms(values, { threshold: 10, direction: 'down' })).toEqual(river.pageHinkleyDown);
  });

  it('ADWIN alarms at the same values when it starts afresh after each alarm, as River does', () => {
    const afresh = alarmsOf(
      values,
      initialAdwinState,
      (state, value) => adwin(state.drifted ? initialAdwinState : state, value),
      (state) => state.drifted,
    );
    expect(afresh).toEqual(river.adwin);
    expect(adwinAlarms(values)[0]).toBe(river.adwin[0]);
  });
});

describe('detectors', () => {
  it('go on from a stored state as if nothing had happened', () => {
    const { values } = streams[0]!;
    const stored =
      <State>(next: (state: State, value: number) => State) =>
      (state: State, value: number): State =>
        next(JSON.parse(JSON.stringify(state)) as State, value);
    expect(alarmsOf(values, initialAdwinState, stored(adwin), (state) => state.drifted)).toEqual(
      adwinAlarms(values),
    );
    const throughJson = stored((state: typeof initialPageHinkleyState, value) =>
      pageHinkley(state, value, { threshold: 10 }),
    );
    expect(alarmsOf(values, initialPageHinkleyState, throughJson, (state) => state.drifted)).toEqual(
      streams[0]!.pageHinkley,
    );
  });

  it('take a missing value for no evidence', () => {
    const state = adwin(initialAdwinState, 1);
    expect(adwin(state, NaN)).toEqual(state);
    expect(pageHinkley(initialPageHinkleyState, NaN)).toEqual(initialPageHinkleyState);
    const off = { target: 0, deviation: 1 };
    expect(cusum(initialCusumState, NaN, off)).toEqual(initialCusumState);
    expect(() => cusum(initialCusumState, 1, { target: 0, deviation: 0 })).toThrow(InvalidSampleError);
  });

  it('ADWIN keeps logarithmically many buckets and the mean of what it kept', () => {
    let state = initialAdwinState;
    expect(adwinWindow(state)).toBeUndefined();
    for (let index = 0; index < 10_000; index += 1) state = adwin(state, 5);
    expect(adwinWindow(state)).toEqual({ width: 10_000, mean: 5 });
    expect(state.buckets.means.length).toBeLessThan(80);
  });

  it.each([1, 7, 32, 50, 1000])(
    'ADWIN with a clock of %d keeps the newest values and their mean',
    (clock) => {
      const random = new SeededRandom(6);
      const values = Array.from({ length: 700 }, (_, row) => random.normal() + (row < 400 ? 0 : 3));
      let state = initialAdwinState;
      values.forEach((value, row) => {
        state = adwin(state, value, { clock, maxBuckets: 2 });
        const { width, mean } = adwinWindow(state)!;
        const newest = values.slice(row + 1 - width, row + 1);
        expect(newest).toHaveLength(width);
        expect(mean).toBeCloseTo(newest.reduce((sum, each) => sum + each, 0) / width, 9);
      });
    },
  );

  it('ADWIN leaves the state it was given as it was', () => {
    const before = Array.from({ length: 95 }, (_, row) => row % 5).reduce(
      (state, value) => adwin(state, value),
      initialAdwinState,
    );
    const copy = structuredClone(before);
    adwin(before, 1e6);
    expect(before).toEqual(copy);
  });

  it.each([{ clock: 0 }, { clock: 1.5 }, { maxBuckets: 1 }, { minSide: 0 }, { delta: 1 }, { delta: NaN }])(
    'ADWIN refuses %o',
    (options) => {
      expect(() => adwin(initialAdwinState, 1, options)).toThrow(InvalidSampleError);
    },
  );

  it('ADWIN forgets the past after a change, so its mean is the new one', () => {
    const random = new SeededRandom(5);
    let state = initialAdwinState;
    for (let index = 0; index < 2000; index += 1) {
      state = adwin(state, random.next() + (index < 1000 ? 0 : 2));
    }
    expect(adwinWindow(state)!.mean).toBeCloseTo(2.5, 1);
    expect(adwinWindow(state)!.width).toBeLessThanOrEqual(1040);
  });

  it('CUSUM by hand: 1.5, 1.0, 3.5 above slack, then an alarm, then afresh', () => {
    const options = { target: 10, deviation: 2, slack: 0.5, limit: 3 };
    const states = [14, 10, 16, 18, 10].reduce(
      (list, value) => [...list, cusum(list.at(-1)!, value, options)],
      [initialCusumState],
    );
    expect(states.map((state) => state.high)).toEqual([0, 1.5, 1, 3.5, 3.5, 0]);
    expect(states.map((state) => state.alarm)).toEqual([
      undefined,
      undefined,
      undefined,
      'up',
      'up',
      undefined,
    ]);
  });
});
