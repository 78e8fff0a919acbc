import { describe, expect, it } from 'vitest';
import { checkSilence, findSilences, deriveSilenceState, type Matcher, type Silence } from './silence.js';

const noon = new Date('2026-11-23T12:00:00Z');
const matcher = (name: string, value: string, change: Partial<Matcher> = {}): Matcher => ({
  name,
  value,
  isRegex: false,
  isEqual: true,
  ...change,
});
const silence = (...matchers: Matcher[]): Silence => ({
  id: 's',
  matchers,
  startsAt: noon,
  endsAt: new Date('2026-11-23T13:00:00Z'),
  updatedAt: noon,
  createdBy: 'me',
  comment: '',
});

describe('silences', () => {
  it('hold from their start until just before their end', () => {
    expect(deriveSilenceState(silence(), new Date(noon.getTime() - 1))).toBe('pending');
    expect(deriveSilenceState(silence(), noon)).toBe('active');
    expect(deriveSilenceState(silence(), new Date('2026-11-23T13:00:00Z'))).toBe('expired');
  });

  it('need all matchers, and a pattern matches the whole value (alertmanager#5162)', () => {
    const labels = { alertname: 'drift', model: 'web-predictor' };
    expect(
      findSilences(
        labels,
        [silence(matcher('alertname', 'drift'), matcher('model', 'web', { isRegex: true }))],
        noon,
      ),
    ).toEqual([]);
    expect(findSilences(labels, [silence(matcher('model', 'web-.*', { isRegex: true }))], noon)).toEqual([
      's',
    ]);
    expect(findSilences(labels, [silence(matcher('team', '', { isEqual: false }))], noon)).toEqual([]);
  });

  it.each(['(', 'a**', 'a{2000}', '(?=a)a', String.raw`(a)\1`, 'x'.repeat(300)])(
    'refuse the pattern %j',
    (value) => {
      expect(() => checkSilence(silence(matcher('a', value, { isRegex: true })))).toThrow(
        /pattern of matcher a/,
      );
    },
  );

  it.each(['(a|a|aa)*b(a|a)*', '(a+)+b', '([a-z]*)*1', '(.*)*b'])(
    'match the pattern %j in linear time, however it repeats',
    (value) => {
      const repeating = silence(matcher('x', value, { isRegex: true }));
      checkSilence(repeating);
      const startedAt = performance.now();
      expect(findSilences({ x: 'a'.repeat(4000) }, [repeating], noon)).toEqual([]);
      expect(performance.now() - startedAt).toBeLessThan(5000);
    },
  );

  it('anchor a pattern as a whole: each alternative must match the whole value', () => {
    const either = [silence(matcher('model', 'web|batch', { isRegex: true }))];
    expect(findSilences({ model: 'batch' }, either, noon)).toEqual(['s']);
    expect(findSilences({ model: 'web-batch' }, either, noon)).toEqual([]);
    expect(findSilences({ model: 'website' }, either, noon)).toEqual([]);
  });

  it.each([true, false])(
    'with a stored pattern that is not an RE2 expression silence nothing (isEqual %s)',
    (isEqual) => {
      const stored = silence(matcher('x', '(?=a)a', { isRegex: true, isEqual }));
      expect(findSilences({ x: 'a' }, [stored], noon)).toEqual([]);
    },
  );

  it('refuse to match everything or to end before they start', () => {
    expect(() => checkSilence(silence())).toThrow(/at least one matcher/);
    expect(() => checkSilence({ ...silence(matcher('a', 'b')), endsAt: noon })).toThrow(/ends before/);
  });
});
