import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { blockBootstrap, type BlockBootstrapOptions, drawMoving, drawStationary } from './block-bootstrap.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { rocAuc } from '../metrics/roc-auc.js';
import { readGolden } from '../golden/read-golden.js';

const { bootstrap } = readGolden('sequential') as {
  bootstrap: {
    method: 'stationary' | 'moving';
    blockLength: number;
    series: number[];
    standardError: number;
    low: number;
    high: number;
  }[];
};

const meanOf =
  (values: ArrayLike<number>) =>
  (rows: Uint32Array): number =>
    rows.reduce((sum, row) => sum + values[row]!, 0) / rows.length;

describe('drawing blocks', () => {
  it('moving: runs of the length asked for, the last one cut', () => {
    const drawn = new Uint32Array(10);
    drawMoving(drawn, 4, new SeededRandom(1));
    for (const start of [0, 4, 8]) {
      const run = drawn.subarray(start, Math.min(10, start + 4));
      run.forEach((row, offset) => expect(row).toBe(run[0]! + offset));
      expect(run.at(-1)!).toBeLessThan(10);
    }
  });

  it('stationary: runs of the mean length asked for, over the end of the ring', () => {
    const drawn = new Uint32Array(50_000);
    drawStationary(drawn, 5, new SeededRandom(2));
    let jumps = 1;
    for (let row = 1; row < drawn.length; row += 1) {
      if (drawn[row] !== (drawn[row - 1]! + 1) % drawn.length) jumps += 1;
    }
    expect(drawn.length / jumps).toBeGreaterThan(4.8);
    expect(drawn.length / jumps).toBeLessThan(5.2);
  });
});

describe('blockBootstrap', () => {
  it('of single rows has the standard error of a mean by the formula', () => {
    const random = new SeededRandom(3);
    const values = Array.from({ length: 400 }, () => random.normal());
    const result = blockBootstrap(400, meanOf(values), random, { blockLength: 1, replicates: 4000 })!;
    const mean = meanOf(values)(Uint32Array.from(values.keys()));
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 400);
    expect(result.estimate).toBe(mean);
    expect(result.standardError / (deviation / 20)).toBeCloseTo(1, 1);
    expect((result.high - result.low) / (2 * 1.96 * result.standardError)).toBeCloseTo(1, 1);
  });

  it('replays from its seed', () => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6];
    const run = (seed: number) =>
      blockBootstrap(8, meanOf(values), new SeededRandom(seed), { replicates: 50 });
    expect(run(4)).toEqual(run(4));
    expect(run(4)).not.toEqual(run(5));
  });

  it('of dependent rows covers the truth far more often than one of single rows does', () => {
    const coverage = (options: BlockBootstrapOptions): number => {
      const random = new SeededRandom(5);
      let covered = 0;
      for (let run = 0; run < 200; run += 1) {
        const values = new Float64Array(200);
        for (let row = 1, level = random.normal(); row < 200; row += 1) {
          values[row] = level;
          level = 0.6 * level + random.normal();
        }
        const { low, high } = blockBootstrap(200, meanOf(values), random, { ...options, replicates: 200 })!;
        if (low <= 0 && high >= 0) covered += 1;
      }
      return covered / 200;
    };
    expect(coverage({ blockLength: 1 })).toBeLessThan(0.75);
    expect(coverage({ method: 'stationary' })).toBeGreaterThan(0.83);
    expect(coverage({ method: 'moving' })).toBeGreaterThan(0.83);
  });

  it('bounds a metric of labels and scores', () => {
    const random = new SeededRandom(6);
    const scores = Float64Array.from({ length: 300 }, () => random.next());
    const labels = scores.map((score) => (random.next() < score ? 1 : 0));
    const area = (rows: Uint32Array) =>
      rocAuc(
        Float64Array.from(rows, (row) => labels[row]!),
        Float64Array.from(rows, (row) => scores[row]!),
      );
    const { low, estimate, high } = blockBootstrap(300, area, random, { replicates: 200 })!;
    expect(low < estimate && estimate < high).toBe(true);
    expect(high - low).toBeLessThan(0.2);
  });

  it('has no answer below two rows, for an undefined statistic or one that seldom is, and no width for a constant', () => {
    const random = new SeededRandom(7);
    expect(blockBootstrap(0, () => 1, random)).toBeUndefined();
    expect(blockBootstrap(1, () => 1, random)).toBeUndefined();
    expect(blockBootstrap(5, () => undefined, random)).toBeUndefined();
    expect(blockBootstrap(5, () => NaN, random)).toBeUndefined();
    expect(
      blockBootstrap(10, (rows) => (rows.includes(3) ? 1 : undefined), random, { blockLength: 1 }),
    ).toBeUndefined();
    expect(blockBootstrap(9, () => 4, random)).toMatchObject({ low: 4, high: 4, standardError: 0 });
    expect(() => blockBootstrap(9, () => 4, random, { blockLength: 10 })).toThrow(InvalidSampleError);
    expect(() => blockBootstrap(9, () => 4, random, { replicates: 1 })).toThrow(InvalidSampleError);
    expect(() => blockBootstrap(9, () => 4, random, { confidence: 1 })).toThrow(InvalidSampleError);
  });
});

it.each(bootstrap)(
  'has the interval that arch has, with $method blocks of $blockLength',
  ({ method, blockLength, series, ...expected }) => {
    const options = { method, blockLength, replicates: 10_000, confidence: 0.9 };
    const ours = blockBootstrap(series.length, meanOf(series), new SeededRandom(8), options)!;
    // The error of 10,000 draws: 0.7 % of the standard error, 2 % of it for an end of the interval; three times that.
    expect(Math.abs(ours.standardError / expected.standardError - 1)).toBeLessThan(0.02);
    expect(Math.abs(ours.low - expected.low)).toBeLessThan(0.06 * expected.standardError);
    expect(Math.abs(ours.high - expected.high)).toBeLessThan(0.06 * expected.standardError);
  },
);
