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

  it.each(['(a+)+$', '([a-z]*)*', '(', 'x'.repeat(300)])('refuse the pattern %j', (value) => {
    expect(() => checkSilence(silence(matcher('a', value, { isRegex: true })))).toThrow(
      /pattern of matcher a/,
    );
  });

  it('refuse to match everything or to end before they start', () => {
    expect(() => checkSilence(silence())).toThrow(/at least one matcher/);
    expect(() => checkSilence({ ...silence(matcher('a', 'b')), endsAt: noon })).toThrow(/ends before/);
  });
});
