import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  admits,
  InvalidSearchSpaceError,
  isActive,
  isSingle,
  resolveSpace,
  type Parameter,
  type SearchSpace,
} from './search-space.js';
import { valueAt } from './value-at.js';

fc.configureGlobal({ seed: 20261124 });

const numberParameter = fc
  .record({
    kind: fc.constantFrom('int' as const, 'float' as const),
    low: fc.integer({ min: -50, max: 50 }),
    width: fc.integer({ min: 0, max: 1000 }),
    step: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
    log: fc.boolean(),
  })
  .map(({ kind, low, width, step, log }): Parameter => {
    if (log) return { kind, low: Math.abs(low) + 1, high: Math.abs(low) + 1 + width, log };
    return { kind, low, high: low + width, ...(step !== undefined && { step }) };
  });

describe('resolveSpace', () => {
  const refused: [string, SearchSpace, RegExp][] = [
    ['nothing to search', {}, /nothing to search/],
    ['a logarithm from 0', { x: { kind: 'float', low: 0, high: 1, log: true } }, /"x" is logarithmic from 0/],
    ['a logarithm from -1', { x: { kind: 'int', low: -1, high: 9, log: true } }, /logarithmic from -1/],
    ['log with a step', { x: { kind: 'float', low: 1, high: 9, log: true, step: 2 } }, /with step 2/],
    ['bounds the wrong way round', { x: { kind: 'int', low: 2, high: 1 } }, /exchange the bounds/],
    ['infinite bounds', { x: { kind: 'float', low: 0, high: Infinity } }, /not finite/],
    ['NaN bounds', { x: { kind: 'float', low: NaN, high: 1 } }, /not finite/],
    ['fractions of whole numbers', { x: { kind: 'int', low: 0.5, high: 2 } }, /whole/],
    ['a step of 0', { x: { kind: 'float', low: 0, high: 2, step: 0 } }, /must be positive/],
    ['no choices', { x: { kind: 'categorical', choices: [] } }, /no choices/],
    ['equal choices', { x: { kind: 'categorical', choices: ['a', 'a'] } }, /twice/],
    [
      'an unknown parent',
      { x: { kind: 'int', low: 0, high: 1, when: [{ parameter: 'y', in: [1] }] } },
      /depends on "y"/,
    ],
    [
      'a condition that never holds',
      {
        x: { kind: 'int', low: 0, high: 1, when: [{ parameter: 'y', in: ['c'] }] },
        y: { kind: 'categorical', choices: ['a'] },
      },
      /never happens/,
    ],
    [
      'a circle',
      {
        x: { kind: 'int', low: 0, high: 1, when: [{ parameter: 'y', in: [0] }] },
        y: { kind: 'int', low: 0, high: 1, when: [{ parameter: 'x', in: [0] }] },
      },
      /circle/,
    ],
  ];
  it.each(refused)('refuses %s', (_, space, message) => {
    expect(() => resolveSpace(space)).toThrow(InvalidSearchSpaceError);
    expect(() => resolveSpace(space)).toThrow(message);
  });

  it('lowers a high that no step reaches', () => {
    const resolved = resolveSpace({
      a: { kind: 'int', low: 0, high: 10, step: 4 },
      b: { kind: 'float', low: 0, high: 1, step: 0.3 },
      c: { kind: 'float', low: 0, high: 1, step: 0.1 },
      d: { kind: 'int', low: 0, high: 3, step: 5 },
    });
    expect([...resolved.values()].map((parameter) => 'high' in parameter && parameter.high)).toEqual([
      8, 0.9, 1, 0,
    ]);
    expect(isSingle(resolved.get('d')!)).toBe(true);
  });

  it('puts parents before children, else names in order, whatever the order of keys', () => {
    const space: SearchSpace = {
      z: { kind: 'categorical', choices: ['on', 'off'] },
      b: { kind: 'int', low: 0, high: 9, when: [{ parameter: 'z', in: ['on'] }] },
      a: { kind: 'int', low: 0, high: 9, when: [{ parameter: 'b', in: [1, 2] }] },
      m: { kind: 'int', low: 0, high: 9 },
    };
    const turned = Object.fromEntries(Object.entries(space).reverse());
    expect([...resolveSpace(space).keys()]).toEqual(['z', 'b', 'a', 'm']);
    expect([...resolveSpace(turned).keys()]).toEqual(['z', 'b', 'a', 'm']);
    expect(isActive(space['a']!, { z: 'off' })).toBe(false);
    expect(isActive(space['a']!, { z: 'on', b: 2 })).toBe(true);
  });
});

describe('valueAt', () => {
  it('is by hand', () => {
    const at = (parameter: Parameter, share: number): unknown => valueAt(parameter, share);
    expect(at({ kind: 'float', low: 1, high: 100, log: true }, 0.5)).toBeCloseTo(10, 12);
    expect(at({ kind: 'float', low: 0, high: 1, step: 0.1 }, 0.3)).toBe(0.3);
    expect(at({ kind: 'int', low: 1, high: 4 }, 0.25)).toBe(2);
    expect(at({ kind: 'categorical', choices: [true, false] }, 0.5)).toBe(false);
    expect(at({ kind: 'float', low: 3, high: 3, log: true }, 0.7)).toBe(3);
  });

  it('never leaves the domain', () => {
    fc.assert(
      fc.property(
        numberParameter,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (declared, share) => {
          const parameter = resolveSpace({ x: declared }).get('x')!;
          expect(admits(parameter, valueAt(parameter, share))).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('reaches both ends', () => {
    fc.assert(
      fc.property(numberParameter, (declared) => {
        const parameter = resolveSpace({ x: declared }).get('x') as Extract<Parameter, { low: number }>;
        expect(valueAt(parameter, 0)).toBeCloseTo(parameter.low, 9);
        expect(Math.abs((valueAt(parameter, 1 - 2 ** -53) as number) / (parameter.high || 1))).toBeCloseTo(
          parameter.high === 0 ? 0 : 1,
          6,
        );
      }),
    );
  });
});
