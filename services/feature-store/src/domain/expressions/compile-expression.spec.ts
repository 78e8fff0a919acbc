import { describe, expect, it } from 'vitest';
import { compileExpression } from './compile-expression.js';

const { NaN: missing } = Number;

function value(text: string, row: Readonly<Record<string, number>> = {}): number {
  const names = Object.keys(row);
  return compileExpression(text, names).evaluate(Float64Array.from(Object.values(row)));
}

describe('a compiled expression', () => {
  it.each([
    ['1 + 2 * 3 - 4 / 8', 6.5],
    ['-7 % 3', -1],
    ['round(2.5) + round(-2.5) * 10', -27],
    ['round(0.49999999999999994)', 0],
    ['max(3, 1, 2) - min(3, 1, 2)', 2],
    ['clip(120, 0, 100) + clip(-5, 0, 100)', 100],
    ['sqrt(16) + abs(-2) + ln(exp(1)) + log10(1000) + pow(2, 10)', 1034],
    ['sign(-4) + floor(-1.5) + ceil(1.2)', -1],
    ['if(2 > 1 and not false, 10, 20)', 10],
    ['case when 1 > 2 then 1 when true = false then 2 else 3 end', 3],
    ['3 >= 3', 1],
    ['3 != 3', 0],
  ])('gives %s = %d', (text, expected) => {
    expect(value(text)).toBeCloseTo(expected, 12);
  });

  it.each([
    ['a + 1'],
    ['a > 1'],
    ['min(a, 1)'],
    ['clip(1, 0, a)'],
    ['pow(a, 0)'],
    ['if(a > 1, 1, 2)'],
    ['case when a > 1 then 1 else 2 end'],
    ['not a > 1'],
    ['true and a > 1'],
    ['false or a > 1'],
    ['a = a'],
    ['if(false, 1)'],
  ])('no data stays no data: %s', (text) => {
    expect(value(text, { a: missing })).toBeNaN();
  });

  it('decides what it can in spite of missing data', () => {
    const row = { a: missing, b: 4 };
    expect(value('coalesce(a, b, 1)', row)).toBe(4);
    expect(value('is_missing(a) and not is_missing(b)', row)).toBe(1);
    expect(value('false and a > 1', row)).toBe(0);
    expect(value('true or a > 1', row)).toBe(1);
    expect(value('if(b > 1, b, a)', row)).toBe(4);
  });

  it.each([
    ['1 / 0'],
    ['0 / 0'],
    ['5 % 0'],
    ['sqrt(-1)'],
    ['ln(0)'],
    ['log10(-1)'],
    ['exp(1000)'],
    ['1e308 * 10'],
    ['pow(-8, 1 / 3)'],
  ])('has no data where there is no finite value: %s', (text) => {
    expect(value(text)).toBeNaN();
    expect(value(`coalesce(${text}, 7)`)).toBe(7);
  });

  it('treats a value that is not finite as missing', () => {
    expect(value('coalesce(a, 3)', { a: Number.POSITIVE_INFINITY })).toBe(3);
  });

  it('reports the names it uses and its type', () => {
    const compiled = compileExpression('b > 1 or a + b > a', ['a', 'b', 'c']);
    expect(compiled.uses).toEqual(['b', 'a']);
    expect(compiled.type).toBe('boolean');
  });

  it('grows in SQL with its text, not with its depth', () => {
    let text = 'a';
    for (let depth = 0; depth < 20; depth += 1) text = `if(min(${text}, 1) > 0, 1 / 2, 3)`;
    expect(compileExpression(text, ['a']).sql.length).toBeLessThan(60 * text.length);
  });
});
