import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPayload, type EventDefinition } from './define-event.js';
import { FeaturesComputed } from './events/features-computed.js';
import { ReadingAccepted } from './events/reading-accepted.js';

const cases: readonly {
  readonly event: EventDefinition;
  readonly sample: Readonly<Record<string, unknown>>;
}[] = [
  { file: 'features-computed.v1.json', event: FeaturesComputed },
  { file: 'reading-accepted.v1.json', event: ReadingAccepted },
].map(({ file, event }) => ({
  event,
  sample: JSON.parse(readFileSync(join(import.meta.dirname, 'events', 'golden', file), 'utf8')) as Readonly<
    Record<string, unknown>
  >,
}));

const odd = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, '', 0, -1, 1.5, true, NaN, Infinity, [], {}, 'x'.repeat(513)),
  fc.constantFrom<unknown>(
    2 ** 53,
    { a: 1 },
    { '': 1 },
    { a: '1' },
    { a: NaN },
    { a: undefined },
    { a: [1] },
  ),
  fc.constantFrom<unknown>(JSON.parse('{"__proto__": 1}'), Object.create({ a: 'x' }), new Map(), new Date(0)),
  fc
    .date({ noInvalidDate: true, min: new Date('1900-01-01'), max: new Date('2200-01-01') })
    .map((date) => date.toISOString()),
  fc
    .tuple(...[13, 32, 25, 61, 61].map((max) => fc.integer({ min: 0, max })))
    .map((parts) => parts.map((part) => String(part).padStart(2, '0')))
    .map(([month, day, hour, minute, second]) => `2027-${month}-${day}T${hour}:${minute}:${second}.000Z`),
  fc.string(),
);

describe.each(cases)('the quick check of $event.type', ({ event, sample }) => {
  it('accepts ordinary payloads, so that the schema is rarely needed', () => {
    expect(event.quickCheck?.(sample)).toBe(true);
  });

  it('never accepts a payload that the schema rejects or changes', () => {
    const change = fc.record({
      field: fc.constantFrom(...Object.keys(sample), 'incident', 'source', 'other', '__proto__'),
      value: odd,
      drop: fc.boolean(),
    });
    let accepted = 0;
    fc.assert(
      fc.property(change, ({ field, value, drop }) => {
        const changed: Record<string, unknown> = { ...sample };
        if (drop) Reflect.deleteProperty(changed, field);
        else Object.defineProperty(changed, field, { value, enumerable: true });
        if (event.quickCheck?.(changed) !== true) return;
        accepted += 1;
        expect(event.payload.safeParse(changed)).toEqual({ success: true, data: changed });
      }),
      { numRuns: 5_000, seed: 20261123 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it('leaves the error message to the schema', () => {
    expect(checkPayload(event, { ...sample, systemId: '' }).error?.issues[0]?.path).toEqual(['systemId']);
    expect(checkPayload(event, { ...sample, more: 1 })).toEqual({ success: true, data: sample });
  });
});
