import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression } from './compile-expression.js';
import { type Expression, ExpressionError } from './expression.js';
import { parseExpression } from './parse-expression.js';

/** As nested calls, so that a precedence can be read. */
function shape(part: Expression): string {
  switch (part.kind) {
    case 'number':
    case 'boolean':
      return String(part.value);
    case 'name':
      return part.name;
    case 'call':
      return `(${[part.name, ...part.args.map(shape)].join(' ')})`;
  }
}

function failure(text: string): string {
  try {
    compileExpression(text, ['cpu', 'disk']);
  } catch (error) {
    if (error instanceof ExpressionError) return `${error.at}: ${error.reason}`;
    throw error;
  }
  return 'none';
}

describe('an expression', () => {
  it.each([
    ['a + b * c', '(+ a (* b c))'],
    ['(a + b) * c', '(* (+ a b) c)'],
    ['a - b - c', '(- (- a b) c)'],
    ['-a * b', '(* (negate a) b)'],
    ['a - -1.5e3', '(- a (negate 1500))'],
    ['not a > 1 and b < .5 or c = 2', '(or (and (not (> a 1)) (< b 0.5)) (= c 2))'],
    ['max(a, b, -c)', '(max a b (negate c))'],
    ['case when x then 1 when y then 2 else 3 end', '(if x 1 (if y 2 3))'],
    ['case when x then 1 end + 1', '(+ (if x 1) 1)'],
  ])('%s reads as %s', (text, expected) => {
    expect(shape(parseExpression(text))).toBe(expected);
  });

  it.each([
    ['', '0: Expected a value, found the end'],
    ['cpu +', '5: Expected a value, found the end'],
    ['cpu $ 1', '4: Unexpected "$"'],
    ['(cpu', '4: Expected ")", found the end'],
    ['cpu disk', '4: Expected an operator or the end, found "disk"'],
    ['1 < cpu < 3', '8: Comparisons do not chain; join them with "and"'],
    ['1e999', '0: 1e999 is too large for a number'],
    ['cpu + then', '6: Expected a value, found the keyword "then"'],
    ['case when true then 1', '21: Expected "when" or "else" or "end", found the end'],
    ['1 + memory', '4: There is no "memory"; there are: cpu, disk'],
    ['cpu + true', '4: Expected number + number, found (number, boolean)'],
    ['cpu and true', '4: Expected boolean and boolean, found (number, boolean)'],
    [
      'if(cpu, 1, 2)',
      '0: Expected if(boolean, a, b) of a and b of one type; "else" and b may be left out, found (number, number, number)',
    ],
    ['sqrt()', '0: Expected sqrt(number), found ()'],
  ])('%j is rejected with the place and the reason', (text, expected) => {
    expect(failure(text)).toBe(expected);
  });

  it('reports where parsing stopped, counting from 1, and which functions exist', () => {
    expect(() => compileExpression('1 + eval(cpu)', ['cpu'])).toThrow(
      /^There is no function "eval"; there are: and, or, not, if, coalesce, .*, at character 5 of "1 \+ eval\(cpu\)"$/,
    );
  });

  it('is bounded in length and depth', () => {
    expect(failure('1'.repeat(5_000))).toBe('4096: An expression may have at most 4096 characters');
    for (const text of [
      '('.repeat(2_000),
      '-'.repeat(2_000),
      'not '.repeat(1_000),
      `1${' + 1'.repeat(900)}`,
    ]) {
      expect(failure(text)).toContain('An expression may nest at most 64 deep');
    }
    const chain = `1${' + 1'.repeat(62)}`;
    expect(compileExpression(chain, []).evaluate(new Float64Array())).toBe(63);
    expect(failure(`${'case when true then 1 else '.repeat(100)} 1`)).toContain('may nest at most 64 deep');
  });

  it('fails only with its own error, whatever the text', () => {
    const word = fc.constantFrom(
      ...[
        'cpu',
        'disk',
        'and',
        'or',
        'not',
        'case',
        'when',
        'then',
        'else',
        'end',
        'true',
        'if',
        'min',
        'clip',
      ],
      ...[
        '(',
        ')',
        ',',
        '+',
        '-',
        '*',
        '/',
        '%',
        '<',
        '<=',
        '!=',
        '=',
        '1',
        '.5',
        '1e3',
        '1e',
        '"',
        'constructor',
      ],
    );
    const text = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.array(word, { maxLength: 40 }).map((words) => words.join(' ')),
    );
    fc.assert(
      fc.property(text, (any) => {
        failure(any);
      }),
      { numRuns: 3_000, seed: 20261123 },
    );
  });
});
