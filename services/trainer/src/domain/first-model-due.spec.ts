import { describe, expect, it } from 'vitest';
import { firstModelDue } from './first-model-due.js';

const policy = { rows: 500, positives: 20, growth: 1.2 };

describe('the first model', () => {
  it.each([
    [{ rows: 500, positives: 20, triedRows: undefined }, { outcome: 'train' }],
    [
      { rows: 499, positives: 20, triedRows: undefined },
      { outcome: 'wait', reason: 'too-few-rows' },
    ],
    [
      { rows: 500, positives: 19, triedRows: undefined },
      { outcome: 'wait', reason: 'too-few-positives' },
    ],
    [
      { rows: 599, positives: 30, triedRows: 500 },
      { outcome: 'wait', reason: 'tried-already' },
    ],
    [{ rows: 600, positives: 30, triedRows: 500 }, { outcome: 'train' }],
  ])('given %j is decided as %j', (facts, decision) => {
    expect(firstModelDue(facts, policy)).toEqual(decision);
  });
});
