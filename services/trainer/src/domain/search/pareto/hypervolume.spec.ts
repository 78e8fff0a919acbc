import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseGolden } from '../golden/parse-golden.js';
import { hypervolume, InvalidReferencePointError, referencePointOf } from './hypervolume.js';
import { dominates, nonDominationRanks } from './non-domination-ranks.js';
import { selectByHypervolume } from './select-by-hypervolume.js';

fc.configureGlobal({ seed: 20261124 });

const golden = parseGolden(
  readFileSync(new URL('../golden/optuna-5.0.0.json', import.meta.url), 'utf8'),
).hypervolumes;

describe.each(golden)(
  '$reference.length objectives as Optuna',
  ({ points, reference, volume, ranks, front, chosen }) => {
    it('has the reference point, the volume and the ranks', () => {
      referencePointOf(points).forEach((loss, index) => expect(loss).toBeCloseTo(reference[index]!, 14));
      expect(hypervolume(points, reference)).toBeCloseTo(volume, 12);
      expect([...nonDominationRanks(points)]).toEqual(ranks);
    });

    it.each(Object.entries(chosen))('chooses the same %s points', (count, expected) => {
      expect([...selectByHypervolume(front, Number(count))].sort((a, b) => a - b)).toEqual(expected);
    });
  },
);

describe('hypervolume', () => {
  it('is by hand: two boxes less what they share', () => {
    const front = [
      [1, 3],
      [2, 1],
    ];
    expect(hypervolume(front, [4, 4])).toBe(3 * 1 + 2 * 3 - 2 * 1);
    expect(hypervolume([...front, [3, 3], [1, 3]], [4, 4])).toBe(7);
    expect(hypervolume([[0, 0, 0]], [1, 2, 3])).toBe(6);
    expect(hypervolume([], [1, 1])).toBe(0);
    expect(hypervolume([[-Infinity, 0]], [1, 1])).toBe(Infinity);
    expect(() => hypervolume([[2, 0]], [1, 1])).toThrow(InvalidReferencePointError);
  });

  const loss = fc.integer({ min: 0, max: 9 });
  const cloud = (objectives: number): fc.Arbitrary<number[][]> =>
    fc.array(fc.array(loss, { minLength: objectives, maxLength: objectives }), {
      minLength: 1,
      maxLength: 8,
    });

  it.each([2, 3, 4])('counts the cells of a grid with %d objectives', (objectives) => {
    fc.assert(
      fc.property(cloud(objectives), (points) => {
        let cells = 0;
        for (let cell = 0; cell < 10 ** objectives; cell += 1) {
          const corner = Array.from({ length: objectives }, (_, axis) => Math.floor(cell / 10 ** axis) % 10);
          if (points.some((point) => point.every((value, axis) => value <= corner[axis]!))) cells += 1;
        }
        expect(hypervolume(points, new Array<number>(objectives).fill(10))).toBe(cells);
      }),
      { numRuns: 30 },
    );
  });

  it('ranks so that nothing is dominated within a rank, and everything by the rank before', () => {
    fc.assert(
      fc.property(cloud(3), (points) => {
        const ranks = nonDominationRanks(points);
        points.forEach((point, index) => {
          const isDominatedBy = (rank: number): boolean =>
            points.some((other, place) => ranks[place] === rank && dominates(other, point));
          expect(isDominatedBy(ranks[index]!)).toBe(false);
          if (ranks[index]! > 0) expect(isDominatedBy(ranks[index]! - 1)).toBe(true);
        });
      }),
    );
  });

  it('chooses equal points once before any twice', () => {
    const points = [
      [1, 1],
      [1, 1],
      [0, 2],
    ];
    expect([...selectByHypervolume(points, 2)].sort()).toEqual([0, 2]);
    expect(
      selectByHypervolume(
        [
          [1, 1],
          [1, 1],
          [1, 1],
        ],
        2,
      ),
    ).toEqual([0, 1]);
    expect(
      selectByHypervolume(
        [
          [Infinity, 1],
          [1, Infinity],
          [2, 2],
        ],
        2,
      ),
    ).toHaveLength(2);
  });
});
