import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseGolden } from '../golden/parse-golden.js';
import { splitTrials } from './split-trials.js';
import { type Trial } from '../study/trial.js';

const golden = parseGolden(readFileSync(new URL('../golden/optuna-5.0.0.json', import.meta.url), 'utf8'));

const numbers = (trials: readonly Trial[]): number[] => trials.map(({ number }) => number);
const complete = (number: number, ...values: number[]): Trial => ({
  state: 'complete',
  number,
  parameters: {},
  reports: [],
  values,
});

describe('splitTrials', () => {
  it.each(golden.splits)(
    'splits as Optuna: $directions, $good good ones',
    ({ trials, directions, good, ...expected }) => {
      const split = splitTrials(trials, directions, good);
      expect({ below: numbers(split.below), above: numbers(split.above) }).toEqual(expected);
    },
  );

  it('takes the earlier of equals, and infinite values for what they are', () => {
    const trials = [complete(0, 5), complete(1, 5), complete(2, Infinity), complete(3, -Infinity)];
    expect(numbers(splitTrials(trials, ['minimize'], 2).below)).toEqual([0, 3]);
    expect(numbers(splitTrials(trials, ['maximize'], 2).below)).toEqual([0, 2]);
    const pairs = [complete(0, Infinity, 1), complete(1, 1, Infinity), complete(2, 3, 3)];
    expect(splitTrials(pairs, ['minimize', 'minimize'], 1).below).toHaveLength(1);
  });

  it('never lets a running trial be good nor a failed one be anything', () => {
    const running: Trial = { state: 'running', number: 0, parameters: {}, reports: [] };
    const failed: Trial = {
      state: 'failed',
      number: 1,
      parameters: {},
      reports: [],
      reason: 'out of memory',
    };
    const split = splitTrials([running, failed, complete(2, 1)], ['minimize'], 3);
    expect([numbers(split.below), numbers(split.above)]).toEqual([[2], [0]]);
    expect(splitTrials([], ['minimize'], 1)).toEqual({ below: [], above: [] });
  });
});
