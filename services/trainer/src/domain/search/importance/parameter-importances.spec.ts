import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseGolden } from '../golden/parse-golden.js';
import { parameterImportances, rawImportances } from './parameter-importances.js';
import { type SearchSpace } from '../space/search-space.js';
import { changeSpace, InvalidStudyError, startStudy, type Study } from '../study/study.js';

const golden = parseGolden(readFileSync(new URL('../golden/optuna-5.0.0.json', import.meta.url), 'utf8'));

describe.each(golden.importances)(
  'parameterImportances of $trials.length trials, $directions',
  ({ space, directions, trials, raw, importances }) => {
    const study: Study = { ...startStudy({ name: 'golden', space, directions, seed: 1 }), trials };

    it('are those of Optuna', () => {
      const own = rawImportances(study, {})!;
      for (const [name, value] of Object.entries(raw)) {
        expect(Math.abs(own.get(name)! - value)).toBeLessThan(1e-9 * Math.max(value, 1e-3));
      }
      const shares = parameterImportances(study)!;
      for (const [name, share] of Object.entries(importances)) expect(shares.get(name)).toBeCloseTo(share, 9);
      expect([...shares.values()].reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    });
  },
);

describe('parameterImportances', () => {
  const space: SearchSpace = {
    x: { kind: 'float', low: 0, high: 1 },
    y: { kind: 'float', low: 0, high: 1 },
    one: { kind: 'categorical', choices: ['only'] },
  };
  const studyOf = (count: number, value: (x: number) => number): Study => ({
    ...startStudy({ name: 'importances', space, seed: 1 }),
    trials: Array.from({ length: count }, (_, number) => {
      const [x, y] = [number / count, ((number * 7) % count) / count];
      return {
        state: 'complete',
        number,
        parameters: { x, y, one: 'only' },
        reports: [],
        values: [value(x)],
      };
    }),
  });

  it('find the only parameter that decides', () => {
    const shares = parameterImportances(studyOf(100, (x) => x))!;
    expect([...shares.keys()][0]).toBe('x');
    expect(shares.get('x')).toBeGreaterThan(0.8);
    expect(shares.get('one')).toBe(0);
  });

  it('are equal shares of one trial and of equal trials, and undefined without any', () => {
    expect(new Set(parameterImportances(studyOf(1, () => 1))!.values())).toEqual(new Set([1 / 3]));
    for (const share of parameterImportances(studyOf(30, () => 1))!.values()) {
      expect(share).toBeCloseTo(1 / 3, 12);
    }
    expect(parameterImportances(studyOf(0, () => 1))).toBeUndefined();
    expect(parameterImportances(studyOf(9, () => Infinity))).toBeUndefined();
  });

  it('leave out what a changed space no longer has, and refuse quantiles the wrong way round', () => {
    const changed = changeSpace(
      studyOf(100, (x) => x),
      { ...space, x: { kind: 'float', low: 2, high: 3 } },
    );
    expect(parameterImportances(changed)!.get('x')).toBe(0);
    expect(() => parameterImportances(changed, { targetQuantile: 0.5, regionQuantile: 0.5 })).toThrow(
      InvalidStudyError,
    );
  });
});
