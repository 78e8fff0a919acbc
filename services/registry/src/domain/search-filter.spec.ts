import { describe, expect, it } from 'vitest';
import { parseFilter, parseOrder } from './search-filter.js';

describe('a filter', () => {
  it('is comparisons joined by AND', () => {
    expect(
      parseFilter(`metrics.rmse <= 0.5 and params."max depth" = '6' AND tags.mlflow.runName LIKE 'a%'`),
    ).toEqual([
      { entity: 'metric', key: 'rmse', comparator: '<=', value: 0.5 },
      { entity: 'param', key: 'max depth', comparator: '=', value: '6' },
      { entity: 'tag', key: 'mlflow.runName', comparator: 'LIKE', value: 'a%' },
    ]);
  });

  it('accepts lists, quotes in strings, and names without an entity', () => {
    expect(parseFilter(`attributes.run_id NOT IN ('a', 'b')`)).toEqual([
      { entity: 'attribute', key: 'run_id', comparator: 'NOT IN', value: ['a', 'b'] },
    ]);
    expect(parseFilter(`name = 'it''s'`)).toMatchObject([{ value: "it's" }]);
    expect(parseFilter('metrics.loss > -1e-3')).toMatchObject([{ value: -0.001 }]);
    expect(parseFilter('')).toEqual([]);
  });

  it.each([
    `name`,
    `name =`,
    `name = 'a' OR name = 'b'`,
    `name = 'a'; DROP`,
    `secret.x = 1`,
    `name = 'open`,
    `name == 1`,
  ])('is refused when it is not valid: %s', (filter) => {
    expect(() => parseFilter(filter)).toThrow();
  });
});

it('parses an order with its direction', () => {
  expect(parseOrder('metrics.rmse DESC')).toEqual({ entity: 'metric', key: 'rmse', descending: true });
  expect(parseOrder('start_time')).toEqual({ entity: 'attribute', key: 'start_time', descending: false });
});
