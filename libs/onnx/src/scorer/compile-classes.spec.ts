import { SeededRandom } from '@headrace/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileClasses } from './compile-classes.js';
import { compileMargins, compileTrees } from './compile-trees.js';
import { proofRows } from './prove-equal.js';
import { randomEnsemble } from '../testing/random-ensemble.js';
import { collectTrees, softmax, type TreeClasses } from '../trees/tree-classes.js';
import { buildLeafTree, computeMargin, type TreeEnsemble } from '../trees/tree-ensemble.js';

fc.configureGlobal({ seed: 20261124 });

const constant = (margin: number): TreeEnsemble => ({
  featureNames: ['x'],
  trees: [buildLeafTree(margin)],
  offset: 0,
  link: 'identity',
});

function score(classes: TreeClasses, features: Float32Array): readonly (readonly number[])[] {
  const rows = features.length / classes.featureNames.length;
  const outputs = classes.outputs.map(() => new Float32Array(rows));
  compileClasses(classes).score(features, rows, outputs);
  return outputs.map((output) => [...output]);
}

describe('softmax', () => {
  it('is the share of the exponentials', () => {
    const margins = Float32Array.of(0, Math.log(2), Math.log(5));
    softmax(margins);
    for (const [index, share] of [1 / 8, 2 / 8, 5 / 8].entries()) {
      expect(margins[index]).toBeCloseTo(share, 6);
    }
  });

  it('answers 0 and 1, not NaN, for margins that are far apart', () => {
    const margins = Float32Array.of(-3e38, 3e38, 100);
    softmax(margins);
    expect([...margins]).toEqual([0, 1, 0]);
  });

  it('does not overflow where every margin is large', () => {
    const margins = Float32Array.of(1e30, 1e30, 1e30, 1e30);
    softmax(margins);
    expect([...margins]).toEqual([0.25, 0.25, 0.25, 0.25]);
  });
});

describe('compileClasses', () => {
  it('adds the shares of the classes of an output', () => {
    const classes: TreeClasses = {
      featureNames: ['x'],
      margins: [constant(0), constant(Math.log(2)), constant(Math.log(5))],
      outputs: [
        { name: 'probability', classes: [0, 2] },
        { name: 'second', classes: [1] },
        { name: 'none', classes: [] },
      ],
    };
    const [probability, second, none] = score(classes, Float32Array.of(1, NaN));
    for (const share of probability!) expect(share).toBeCloseTo(0.75, 6);
    for (const share of second!) expect(share).toBeCloseTo(0.25, 6);
    expect(none).toEqual([0, 0]);
  });

  it('answers the softmax of the margins of plain walking, for any number of classes and rows', () => {
    const shapes = fc.record({
      seed: fc.integer({ min: 0, max: 2 ** 31 }),
      count: fc.integer({ min: 2, max: 6 }),
      trees: fc.integer({ min: 1, max: 9 }),
      depth: fc.integer({ min: 0, max: 7 }),
      categorical: fc.integer({ min: 0, max: 2 }),
      rows: fc.integer({ min: 0, max: 40 }),
    });
    fc.assert(
      fc.property(shapes, ({ seed, count, rows, ...shape }) => {
        const random = new SeededRandom(seed);
        const classes: TreeClasses = {
          featureNames: ['f0', 'f1', 'f2'],
          margins: Array.from({ length: count }, () => ({
            ...randomEnsemble(random, { ...shape, features: 3, bins: 9, ragged: 0.2 }),
            link: 'identity',
          })),
          outputs: Array.from({ length: count }, (_, index) => ({ name: `c${index}`, classes: [index] })),
        };
        const features = proofRows(collectTrees(classes), rows, random);
        const outputs = score(classes, features);
        for (let row = 0; row < rows; row += 1) {
          const margins = Float32Array.from(classes.margins, (one) => computeMargin(one, features, row));
          softmax(margins);
          expect(outputs.map((output) => output[row])).toEqual([...margins]);
          expect(margins.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['one program while the cuts of all classes are ranks of a byte', 80, 'smaller'],
    ['a program a class beyond that', 200, 'equal'],
  ] as const)('takes %s, and answers as each class by itself', (_, bins, memory) => {
    const random = new SeededRandom(bins);
    const shape = { trees: 60, depth: 6, features: 2, bins };
    const margins = [1, 2, 3].map(() => randomEnsemble(random, shape));
    const rows = 75;
    const features = proofRows(
      { featureNames: ['f0', 'f1'], trees: margins.flatMap(({ trees }) => trees) },
      rows,
      random,
    );
    const together = compileMargins(margins);
    const alone = margins.map((one) => compileTrees(one));
    const outs = margins.map(() => new Float32Array(rows));
    for (const many of [1, 20, rows]) {
      together.margins(features, many, outs);
      for (const [index, scorer] of alone.entries()) {
        const expected = new Float32Array(many);
        scorer.margins(features, many, expected);
        expect(outs[index]!.subarray(0, many)).toEqual(expected);
      }
    }
    const apart = alone.reduce((bytes, scorer) => bytes + scorer.bytes, 0);
    if (memory === 'smaller') expect(together.bytes).toBeLessThan(apart);
    else expect(together.bytes).toBe(apart);
  });

  it('says what its rows need', () => {
    const classes: TreeClasses = {
      featureNames: ['x'],
      margins: [constant(0), constant(1)],
      outputs: [{ name: 'probability', classes: [0] }],
    };
    const scorer = compileClasses(classes);
    expect(() => {
      scorer.score(new Float32Array(1), 2, [new Float32Array(2)]);
    }).toThrow(/2 rows need 2 features/);
    expect(() => {
      scorer.score(new Float32Array(2), 2, [new Float32Array(1)]);
    }).toThrow(/1 output of 2 rows/);
  });
});
