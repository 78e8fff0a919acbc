import { describe, expect, it } from 'vitest';
import { meets, parseCondition } from './condition.js';

describe('conditions', () => {
  it.each([
    ['metrics.accuracy < 0.9', { metrics: { accuracy: 0.89 } }, true],
    ['metrics.accuracy < 0.9', { metrics: { accuracy: 0.9 } }, false],
    ["verdict == 'degraded'", { verdict: 'degraded' }, true],
    ['verdict != healthy', { verdict: 'degraded' }, true],
    ['rows >= 10', { rows: '12' }, false],
    ['success == false', { success: false }, true],
  ])('%s on %j is %s', (text, payload, expected) => {
    expect(meets(payload, parseCondition(text))).toBe(expected);
  });

  it('are not met by missing or null values, not even !=', () => {
    for (const text of ['metrics.accuracy < 0.9', 'metrics.accuracy != 0.9', 'metrics.accuracy == 0.9']) {
      expect(meets({ metrics: { accuracy: null } }, parseCondition(text))).toBe(false);
      expect(meets({}, parseCondition(text))).toBe(false);
    }
  });

  it('do not reach into prototypes', () => {
    expect(meets({}, parseCondition('constructor.name == Object'))).toBe(false);
  });

  it.each(['', 'accuracy', 'accuracy <', '< 3', 'a..b < 3', '1a < 3'])('refuse %j', (text) => {
    expect(() => parseCondition(text)).toThrow(/is not FIELD COMPARISON VALUE/);
  });
});
