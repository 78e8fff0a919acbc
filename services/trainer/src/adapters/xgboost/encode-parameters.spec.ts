import { describe, expect, it } from 'vitest';
import { xgboostParameters } from '../../application/xgboost-parameters.js';
import { encodeParameters, requireSupported } from './encode-parameters.js';

describe('encoding parameters', () => {
  it('names metrics one by one and writes other lists as one text', () => {
    const parameters = {
      eval_metric: ['auc', 'error@0.3'],
      monotone_constraints: [1, 0, -1] as (1 | 0 | -1)[],
      interaction_constraints: [[0, 1], [2]],
      quantile_alpha: [0.1, 0.9],
      one_drop: false,
      max_depth: 6,
      gamma: undefined,
    };
    expect(encodeParameters(parameters as Parameters<typeof encodeParameters>[0])).toEqual([
      ['eval_metric', 'auc'],
      ['eval_metric', 'error@0.3'],
      ['monotone_constraints', '(1,0,-1)'],
      ['interaction_constraints', '[[0,1],[2]]'],
      ['quantile_alpha', '[0.1,0.9]'],
      ['one_drop', '0'],
      ['max_depth', '6'],
    ]);
  });
});

describe('parameters that an old library would ignore', () => {
  const quantile = xgboostParameters.parse({ objective: 'reg:quantileerror', quantile_alpha: [0.5] });

  it('are refused by name, with the version that has them', () => {
    expect(() => requireSupported(quantile, '1.7.5')).toThrow(
      /objective: reg:quantileerror needs XGBoost 2\.0 or newer, and the loaded library is 1\.7\.5/,
    );
    expect(() => requireSupported({ eval_metric: ['quantile'] }, '1.7.5')).toThrow(/eval_metric: quantile/);
  });

  it('pass where they are known', () => {
    expect(() => requireSupported(quantile, '2.0.0')).not.toThrow();
    expect(() => requireSupported(quantile, '3.2.0')).not.toThrow();
    expect(() => requireSupported(xgboostParameters.parse({}), '1.7.5')).not.toThrow();
  });
});

describe('typed parameters', () => {
  it.each([
    ['a name that XGBoost does not have', { max_dept: 6 }],
    ['a metric that XGBoost does not have', { eval_metric: ['accuracy'] }],
    ['a threshold that is none', { eval_metric: ['error@high'] }],
    ['a share beyond 1', { subsample: 1.5 }],
    ['a quantile of 1', { quantile_alpha: [1] }],
  ])('refuse %s', (_, parameters) => {
    expect(xgboostParameters.safeParse(parameters).success).toBe(false);
  });
});
