import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { adwin, initialAdwinState } from './adwin.js';
import { cusum, type CusumOptions, initialCusumState } from './cusum.js';
import { cusumLimitFor, cusumRunLength } from './cusum-run-length.js';
import { readGolden } from '../golden/read-golden.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { pageHinkley, type PageHinkleyOptions, initialPageHinkleyState } from './page-hinkley.js';
import { wilsonInterval } from '../tests/proportions.js';

const RUNS = 10_000;
/** One healthy suite in 10,000 would fail by chance; seeded, so none does. */
const CONFIDENCE = 0.9999;

const { cusumRunLengths } = readGolden('sequential') as {
  cusumRunLengths: { slack: number; limit: number; shift: number; runLength: number }[];
};

/** How many values each of the seeded runs took up to its first alarm. */
function runLengths(seed: number, firstAlarm: (random: SeededRandom) => number): readonly number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: RUNS }, () => firstAlarm(random));
}

function cusumRun(draw: () => number, options: CusumOptions): number {
  let [state, values] = [initialCusumState, 0];
  while (state.alarm === undefined) {
    state = cusum(state, draw(), options);
    values += 1;
  }
  return values;
}

function pageHinkleyRun(draw: () => number, options: PageHinkleyOptions): number {
  let [state, values] = [initialPageHinkleyState, 0];
  while (!state.drifted) {
    state = pageHinkley(state, draw(), options);
    values += 1;
  }
  return values;
}

/** The mean with four standard errors to both sides. */
function meanOf(lengths: readonly number[]): { readonly low: number; readonly high: number } {
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  const variance = lengths.reduce((sum, length) => sum + (length - mean) ** 2, 0) / (lengths.length - 1);
  const reach = 4 * Math.sqrt(variance / lengths.length);
  return { low: mean - reach, high: mean + reach };
}

const shareWithin = (lengths: readonly number[], values: number) =>
  wilsonInterval(
    { successes: lengths.filter((length) => length <= values).length, trials: lengths.length },
    CONFIDENCE,
  )!;

describe("Siegmund's run length of CUSUM", () => {
  it.each(cusumRunLengths)(
    'is near the exact one for a slack of $slack, a limit of $limit and a shift of $shift',
    ({ slack, limit, shift, runLength }) => {
      expect(Math.abs(cusumRunLength(limit, slack, shift) / runLength - 1)).toBeLessThan(
        slack > 0.5 ? 0.075 : 0.015,
      );
    },
  );

  it('by hand: where shift and slack cancel one side is a walk without drift, of b^2 values', () => {
    // b = 3.166: up 10.02; down d = -2, so (exp(12.664) - 12.664 - 1) / 8 = 39,518.
    expect(cusumRunLength(2, 1, 1)).toBeCloseTo(1 / (1 / 3.166 ** 2 + 8 / (Math.exp(12.664) - 13.664)), 8);
    expect(cusumRunLength(2, 1, 1 + 1e-7)).toBeCloseTo(cusumRunLength(2, 1, 1), 4);
  });

  it('is turned around by the limit for it', () => {
    for (const values of [10, 465, 43_200, 1e9]) {
      for (const slack of [0.1, 0.5, 1]) {
        expect(cusumRunLength(cusumLimitFor(values, slack), slack) / values).toBeCloseTo(1, 9);
      }
    }
  });

  it('refuses what cannot be asked for', () => {
    for (const ask of [
      () => cusumLimitFor(9),
      () => cusumLimitFor(Infinity),
      () => cusumLimitFor(NaN),
      () => cusumLimitFor(100, 0),
      () => cusumLimitFor(100, 1.1),
      () => cusumRunLength(0),
      () => cusumRunLength(NaN),
      () => cusumRunLength(5, NaN),
      () => cusumRunLength(5, 0.5, Infinity),
    ]) {
      expect(ask).toThrow(InvalidSampleError);
    }
  });
});

describe(`false alarms of ${RUNS} streams in which nothing changes`, () => {
  it('CUSUM: after 465 values on average, as the integral equation says', () => {
    const exact = cusumRunLengths.find(
      ({ slack, limit, shift }) => slack === 0.5 && limit === 5 && shift === 0,
    )!;
    const lengths = runLengths(21, (random) => cusumRun(() => random.normal(), { target: 0, deviation: 1 }));
    const { low, high } = meanOf(lengths);
    expect(exact.runLength).toBeGreaterThan(low);
    expect(exact.runLength).toBeLessThan(high);
  });

  it.each([
    [100, 0.5],
    [250, 0.25],
  ])(
    'CUSUM set to one in %d values with a slack of %d: so often, and 63 %% of the streams by then',
    (values, slack) => {
      const options = { target: 20, deviation: 3, slack, limit: cusumLimitFor(values, slack) };
      const lengths = runLengths(22, (random) => cusumRun(() => 20 + 3 * random.normal(), options));
      const { low, high } = meanOf(lengths);
      // Siegmund's is up to 1.5 % too long.
      expect(high).toBeGreaterThan(0.985 * values);
      expect(low).toBeLessThan(values);
      const share = shareWithin(lengths, values);
      expect(share.low).toBeGreaterThan(0.6);
      expect(share.high).toBeLessThan(0.67);
    },
  );

  it('CUSUM finds a shift of one deviation after 10.4 values on average', () => {
    const exact = cusumRunLengths.find(
      ({ slack, limit, shift }) => slack === 0.5 && limit === 5 && shift === 1,
    )!;
    const { low, high } = meanOf(
      runLengths(23, (random) => cusumRun(() => random.normal() + 1, { target: 0, deviation: 1 })),
    );
    expect(exact.runLength).toBeGreaterThan(low);
    expect(exact.runLength).toBeLessThan(high);
  });

  it('Page-Hinkley: up to 10 % later than the CUSUM of its delta and threshold, and so in fewer streams of 200 values', () => {
    const options = { alpha: 1, delta: 0.5, threshold: 4, minInstances: 1 } as const;
    const expected = cusumRunLength(4, 0.5);
    const lengths = runLengths(24, (random) => pageHinkleyRun(() => random.normal(), options));
    const { low, high } = meanOf(lengths);
    expect(low).toBeGreaterThan(expected);
    expect(high).toBeLessThan(1.15 * expected);
    const share = shareWithin(lengths, 200);
    expect(share.high).toBeLessThan(1 - Math.exp(-200 / expected));
    expect(share.low).toBeGreaterThan(1 - Math.exp(-200 / (1.15 * expected)) - 0.02);
  });

  it("Page-Hinkley in a series' own unit: as often as for its delta and threshold in standard deviations", () => {
    const deviation = Math.sqrt(1 / 12);
    const options = { alpha: 1, delta: 0.05, threshold: 2, minInstances: 1 };
    const expected = cusumRunLength(2 / deviation, 0.05 / deviation);
    const { low, high } = meanOf(runLengths(25, (random) => pageHinkleyRun(() => random.next(), options)));
    expect(high).toBeGreaterThan(expected);
    expect(low).toBeLessThan(1.15 * expected);
  });

  it('Page-Hinkley that forgets errs more often, because it forgets its tolerance too', () => {
    const meanWith = (alpha: number) =>
      meanOf(
        runLengths(26, (random) =>
          pageHinkleyRun(() => random.normal(), { alpha, delta: 0.5, threshold: 4 }),
        ),
      );
    expect(meanWith(0.999).high).toBeLessThan(meanWith(1).low);
  });

  it.each<[string, number, number, (random: SeededRandom) => number]>([
    ['uniform values', 0.002, 0, (random) => random.next()],
    ['5 % of errors', 0.002, 0, (random) => (random.next() < 0.05 ? 1 : 0)],
    ['50 % of errors', 0.2, 0.005, (random) => (random.next() < 0.5 ? 1 : 0)],
  ])('ADWIN, 512 %s at delta %d: no look errs more often than delta', (_, delta, atLeast, draw) => {
    let [alarms, looks] = [0, 0];
    const random = new SeededRandom(27);
    for (let run = 0; run < RUNS; run += 1) {
      let state = initialAdwinState;
      for (let value = 1; value <= 512 && !state.drifted; value += 1) {
        state = adwin(state, draw(random), { delta });
        if (value % 32 === 0) looks += 1;
      }
      if (state.drifted) alarms += 1;
    }
    const aLook = wilsonInterval({ successes: alarms, trials: looks }, CONFIDENCE)!;
    expect(aLook.high).toBeLessThan(delta);
    const stream = wilsonInterval({ successes: alarms, trials: RUNS }, CONFIDENCE)!;
    expect(stream.high).toBeLessThan(Math.min(0.025, (512 / 32) * delta));
    expect(stream.low).toBeGreaterThanOrEqual(atLeast);
  });
});
