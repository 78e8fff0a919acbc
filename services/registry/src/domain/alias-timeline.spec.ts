import { expect, it } from 'vitest';
import { findSpanAt, type AliasSpan } from './alias-timeline.js';

const span = (version: number, from: string, until?: string): AliasSpan => ({
  modelName: 'predictor',
  alias: 'champion',
  version,
  from: new Date(from),
  until: until === undefined ? undefined : new Date(until),
  reason: '',
  rolloutId: undefined,
});
const spans = [
  span(1, '2026-11-23T10:00:00Z', '2026-11-23T11:00:00Z'),
  span(2, '2026-11-23T11:00:00Z', '2026-11-23T11:00:00Z'),
  span(3, '2026-11-23T11:00:00Z'),
];

it.each([
  ['2026-11-23T09:59:59.999Z', undefined],
  ['2026-11-23T10:00:00Z', 1],
  ['2026-11-23T10:59:59.999Z', 1],
  ['2026-11-23T11:00:00Z', 3],
  ['2030-01-01T00:00:00Z', 3],
])('finds one version, or none, for %s (mlflow#2169)', (at, version) => {
  expect(findSpanAt(spans, new Date(at))?.version).toBe(version);
});
