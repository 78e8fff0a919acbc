import { SeededRandom } from '@headrace/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinearRegex } from './linear-regex.js';

describe('LinearRegex', () => {
  it.each([
    ['^[a-z]+(-[0-9]+)?$', 'web-12', true],
    ['^[a-z]+(-[0-9]+)?$', 'web-', false],
    ['b', 'abc', true],
    ['^b', 'abc', false],
    ['', '', true],
    ['^$', '', true],
    ['^$', 'a', false],
    ['a$|^b', 'ba', true],
    ['^(ab|cd){2,3}$', 'abcdab', true],
    ['^(ab|cd){2,3}$', 'ab', false],
    ['^a{0}$', '', true],
    ['[^\\d\\s]', '1 2', false],
    ['^\\u{61}$'.replace('{61}', '0061'), 'a', true],
    ['^.$', '\u{1f600}', true],
    ['^[]a]$', ']', true],
    ['^[a-]$', '-', true],
    ['^a+?$', 'aaa', true],
    ['^.$', '\u2028', false],
    ['^\\s$', '\u00a0', true],
    ['[^\\S]', 'a\u3000', true],
    ['^[\\S-]+$', 'a-\u00a0', false],
    ['^\\xe9$', 'é', true],
    ['^[[:x]+$', '[:x', true],
  ])('of /%s/ in %j is %s', (pattern, text, found) => {
    expect(new LinearRegex(pattern).test(text)).toBe(found);
  });

  it.each([
    '(',
    ')',
    '[',
    '*a',
    'a**',
    '(?=a)',
    '(?<n>a)',
    '\\1',
    '\\b',
    'a{2,1}',
    'a{5000}',
    '[b-a]',
    '^*',
    'a\\',
    'a{,2}',
    'a{2}{3}',
    '(|*)',
    '\\u61',
    '[a-\\s]',
    '[\\d-z]',
    '(?i)a',
    '\\pL',
  ])('rejects /%s/, with the place', (pattern) => {
    expect(() => new LinearRegex(pattern)).toThrow(/at character \d+ of/);
  });

  it.each(['((a{1000}){1000}){1000}', '(abcdefghij){1000}'])(
    'rejects /%s/, which unfolds too far',
    (pattern) => {
      expect(() => new LinearRegex(pattern)).toThrow(/unfolds to more than/);
    },
  );

  it('finds what the engine of JavaScript finds, for random patterns and texts', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(a|b)', '(ab|c)', '\\w', '\\d', '(?:a|)');
    const part = fc
      .tuple(atom, fc.constantFrom('', '*', '+', '?', '{2}', '{1,3}', '*?'))
      .map((both) => both.join(''));
    const pattern = fc
      .tuple(
        fc.constantFrom('', '^'),
        fc.array(part, { maxLength: 5 }),
        fc.constantFrom('', '$', '|c', '|^b$'),
      )
      .map(([start, parts, end]) => start + parts.join('') + end);
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', '1', ' ', '\u{1f600}'), { maxLength: 12 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(pattern, text, (given, sought) => {
        expect(new LinearRegex(given).test(sought)).toBe(new RegExp(given, 'u').test(sought));
      }),
      { seed: 20_261_124, numRuns: 3_000 },
    );
  });

  it('takes steps in proportion to the text where backtracking would never end', () => {
    // Backtracking would try 2^5000 ways; this test would not come to an end.
    const text = `${'a'.repeat(5_000)}b`;
    for (const pattern of [
      '^(a+)+$',
      '^(a|a)*$',
      '^(a|aa)+$',
      '(a*)*(a*)*c',
      '^(([a-z])+.)+[A-Z]([a-z])+$',
    ]) {
      expect(new LinearRegex(pattern).test(text)).toBe(false);
    }
  });

  it('gives the same results when a pattern has more states than are cached', () => {
    // The set of the last twelve characters is the state: 4096 of them, more than are kept.
    const regex = new LinearRegex('a[ab]{11}$');
    const random = new SeededRandom(3);
    for (let round = 0; round < 50; round += 1) {
      const text = Array.from({ length: 200 }, () => (random.next() < 0.5 ? 'a' : 'b')).join('');
      expect(regex.test(text)).toBe(text.at(-12) === 'a');
    }
  });
});
