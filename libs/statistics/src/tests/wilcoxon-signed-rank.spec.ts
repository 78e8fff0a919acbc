import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readGolden } from '../golden/read-golden.js';
import { wilcoxonSignedRank } from './wilcoxon-signed-rank.js';

fc.configureGlobal({ seed: 20261124 });

type Expected = { statistic: number; pValue: number };
const { cases } = readGolden('wilcoxon') as {
  cases: { name: string; differences: number[]; 'two-sided': Expected; greater: Expected; less: Expected }[];
};

const test = (
  differences: readonly number[],
  alternative: 'two-sided' | 'greater' | 'less',
): Expected | undefined =>
  wilcoxonSignedRank(
    differences,
    differences.map(() => 0),
    { alternative, zeros: 'split', continuity: false },
  );

describe.each(cases)('wilcoxonSignedRank with shared zeros: $name', ({ differences, ...expected }) => {
  it.each(['two-sided', 'greater', 'less'] as const)('is what SciPy says, %s', (alternative) => {
    const result = test(differences, alternative)!;
    expect(result.statistic).toBe(expected[alternative].statistic);
    expect(result.pValue).toBeCloseTo(expected[alternative].pValue, 12);
  });
});

describe('wilcoxonSignedRank, one-sided', () => {
  it('is by hand: of 8 patterns of signs only one has the ranks 1, 2, 3 all positive', () => {
    expect(test([1, 2, 3], 'greater')).toMatchObject({ statistic: 6, pValue: 1 / 8 });
    expect(test([1, 2, 3], 'less')).toMatchObject({ pValue: 1 });
  });

  it('turns around with the signs', () => {
    const differences = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(differences, (values) => {
        const turned = values.map((value) => -value);
        expect(test(turned, 'less')!.pValue).toBeCloseTo(test(values, 'greater')!.pValue, 12);
        expect(test(turned, 'two-sided')!.pValue).toBeCloseTo(test(values, 'two-sided')!.pValue, 12);
      }),
    );
  });
});
