import {
  FeaturesComputed,
  TelemetryReading,
  TrafficShifted,
  type EventDefinition,
} from '@headrace/contracts';
import { describe, expect, it } from 'vitest';
import { type IncomingRecord, type OutgoingRecord } from '../event-bus.js';
import { type NewEvent } from '../events.js';
import { decodeRecord, type DecodedEvent } from './decode-record.js';
import { batchContentType, encodeEvents } from './encode-events.js';

const at = new Date('2026-11-23T10:00:00.000Z');

function features(number: number, systemId = `web-${number % 3}`): NewEvent<typeof FeaturesComputed> {
  return {
    id: `f-${number}`,
    time: at,
    causationIds: [`r-${number}`],
    payload: {
      featuresId: `f-${number}`,
      readingId: `r-${number}`,
      systemId,
      eventTime: at.toISOString(),
      knownTime: at.toISOString(),
      view: 'system_metrics',
      viewVersion: 1,
      features: { cpu_usage_mean_5m: number, memory_usage_std_15m: null },
    },
  };
}

function received(record: OutgoingRecord, offset = 7n): IncomingRecord {
  const { topic, key, value, headers } = record;
  return { topic, partition: record.partition ?? 0, offset, key, value, headers, timestamp: at };
}

function raw(
  definition: EventDefinition,
  value: unknown,
  headers: Record<string, string> = {},
): IncomingRecord {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return received({ topic: definition.topic, key: 'k', value: Buffer.from(text), headers });
}

function events(given: readonly DecodedEvent[]) {
  return given.flatMap((decoded) => (decoded.outcome === 'event' ? [decoded.event] : []));
}

describe('a single event', () => {
  it('is a CloudEvent in Kafka binary mode', () => {
    const [record] = encodeEvents(
      FeaturesComputed,
      [{ ...features(1), correlationId: 'story', actor: 'anna' }],
      'feature-store',
      8,
      at,
    );
    expect(record?.headers).toEqual({
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: 'f-1',
      ce_source: 'feature-store',
      ce_recordedtime: '2026-11-23T10:00:00.000Z',
      ce_type: 'headrace.feature-store.features-computed',
      ce_time: '2026-11-23T10:00:00.000Z',
      ce_partitionkey: 'web-1',
      ce_correlationid: 'story',
      ce_causationids: '["r-1"]',
      ce_actor: 'anna',
    });
    expect(record?.key).toBe('web-1');
    expect(JSON.parse(Buffer.from(record?.value ?? []).toString())).toEqual(features(1).payload);
  });

  it('that does not fit its schema is refused before any record exists', () => {
    const broken = { ...features(1), payload: { ...features(1).payload, systemId: '' } };
    expect(() => encodeEvents(FeaturesComputed, [features(0), broken], 'x', 8, at)).toThrow(
      expect.objectContaining({ code: 'MESSAGING_FACT_INVALID', eventId: 'f-1' }),
    );
  });
});

describe('many events', () => {
  it('share a record with those of their partition and come back each with id, key, cause and place', () => {
    const given = Array.from({ length: 30 }, (_, number) => features(number));
    const records = encodeEvents(FeaturesComputed, given, 'feature-store', 1, at);
    expect(records).toHaveLength(1);
    expect(records[0]?.headers['content-type']).toBe(batchContentType);
    const decoded = records.flatMap((record) => events(decodeRecord(FeaturesComputed, received(record))));
    expect(decoded).toHaveLength(30);
    expect(decoded[4]).toEqual({
      id: 'f-4',
      type: FeaturesComputed.type,
      source: 'feature-store',
      time: at,
      key: 'web-1',
      payload: features(4).payload,
      causationIds: ['r-4'],
      correlationId: undefined,
      actor: undefined,
      traceparent: undefined,
      position: { topic: FeaturesComputed.topic, partition: 0, offset: 7n, index: 4 },
    });
  });

  it('never exceed the events of a record, nor mix partitions, and keep the order of a key', () => {
    const given = Array.from({ length: 1_200 }, (_, number) => features(number, `web-${number % 7}`));
    const records = encodeEvents(FeaturesComputed, given, 'feature-store', 4, at);
    const byKey = new Map<string, number[]>();
    for (const record of records) {
      const decoded = events(decodeRecord(FeaturesComputed, received(record)));
      expect(decoded.length).toBeLessThanOrEqual(FeaturesComputed.maxEventsPerRecord);
      for (const { key, id } of decoded) {
        byKey.set(key ?? '', [...(byKey.get(key ?? '') ?? []), Number(id.slice(2))]);
      }
    }
    expect(byKey.size).toBe(7);
    for (const numbers of byKey.values()) expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  it('of a compacted topic travel alone, because compaction knows one key a record', () => {
    const shift = (modelName: string): NewEvent<typeof TrafficShifted> => ({
      id: modelName,
      time: at,
      payload: {
        modelName,
        rolloutId: null,
        weights: [
          { modelVersion: 1, arm: 'baseline', percent: 100, digest: 'd', artifactKey: 'a', featureNames: [] },
        ],
        shiftedAt: at.toISOString(),
        reason: 'test',
      },
    });
    const records = encodeEvents(TrafficShifted, [shift('a'), shift('b')], 'canary-controller', 1, at);
    expect(records.map(({ key }) => key)).toEqual(['a', 'b']);
  });

  it('are judged one by one: an invalid event does not take its record with it', () => {
    const given = [features(0), features(1), features(2)];
    const [record] = encodeEvents(FeaturesComputed, given, 'feature-store', 1, at);
    const body = JSON.parse(Buffer.from(record?.value ?? []).toString()) as {
      data: { o: { systemId: { v: unknown[] } } };
    };
    body.data.o.systemId.v[1] = 17;
    const decoded = decodeRecord(FeaturesComputed, {
      ...received(record ?? { topic: '', key: undefined, value: Buffer.alloc(0), headers: {} }),
      value: Buffer.from(JSON.stringify(body)),
    });
    expect(decoded.map(({ outcome }) => outcome)).toEqual(['event', 'invalid', 'event']);
    expect(decoded[1]).toMatchObject({
      index: 1,
      error: { code: 'MESSAGING_FACT_INVALID', kind: 'invalid' },
    });
  });

  it('in a record that lies about their number cannot be read', () => {
    for (const body of [{ count: 1e9 }, { count: -1 }, { count: 2, id: { v: ['a'] } }, [], 7, null]) {
      const record = raw(FeaturesComputed, body, { 'content-type': batchContentType });
      expect(() => decodeRecord(FeaturesComputed, record)).toThrow(
        expect.objectContaining({ code: 'MESSAGING_RECORD_UNREADABLE' }),
      );
    }
  });
});

describe('the public topic', () => {
  const reading = { system_id: 'web-1', timestamp: '2026-11-23T10:00:00Z', cpu_usage: 41.5 };
  const structured = {
    specversion: '1.0',
    id: 'a-1',
    source: '/rack/7',
    type: 'com.example.reading',
    time: '2026-11-23T10:00:00Z',
    data: reading,
  };

  it('takes CloudEvents in structured mode, with and without the content type', () => {
    for (const headers of [{ 'content-type': 'application/cloudevents+json; charset=utf-8' }, {}]) {
      expect(
        events(decodeRecord(TelemetryReading, raw(TelemetryReading, structured, headers))),
      ).toMatchObject([
        { id: 'a-1', source: '/rack/7', type: 'com.example.reading', payload: reading, time: at },
      ]);
    }
  });

  it('takes CloudEvents batches and judges each event', () => {
    const batch = [structured, { ...structured, id: '' }, { ...structured, id: 'a-2' }];
    const decoded = decodeRecord(
      TelemetryReading,
      raw(TelemetryReading, batch, { 'content-type': 'application/cloudevents-batch+json' }),
    );
    expect(decoded.map(({ outcome }) => outcome)).toEqual(['event', 'invalid', 'event']);
  });

  it('takes CloudEvents in binary mode', () => {
    const headers = { ce_specversion: '1.0', ce_id: 'b-1', ce_source: 'agent', ce_type: 'x' };
    expect(events(decodeRecord(TelemetryReading, raw(TelemetryReading, reading, headers)))).toMatchObject([
      { id: 'b-1', source: 'agent', payload: reading },
    ]);
  });

  it('takes bare readings and recognises a repeated one by its content', () => {
    const [first] = events(decodeRecord(TelemetryReading, raw(TelemetryReading, reading)));
    const again = events(
      decodeRecord(TelemetryReading, raw(TelemetryReading, [reading, { system_id: 'web-2' }])),
    );
    expect(first?.payload).toEqual(reading);
    expect(again.map(({ id }) => id === first?.id)).toEqual([true, false]);
  });

  it('says what is wrong with a record that is not JSON', () => {
    expect(() => decodeRecord(TelemetryReading, raw(TelemetryReading, '{"system_id": '))).toThrow(
      /headrace\.telemetry\.v1\/0\/7 cannot be read/,
    );
  });
});

it('reads a record without value as a tombstone', () => {
  expect(decodeRecord(TrafficShifted, raw(TrafficShifted, ''))).toEqual([]);
});

it('refuses a record of another event on one of our topics', () => {
  const headers = { ce_specversion: '1.0', ce_id: 'b-1', ce_source: 'agent', ce_type: 'other' };
  expect(decodeRecord(FeaturesComputed, raw(FeaturesComputed, {}, headers))).toMatchObject([
    { outcome: 'invalid' },
  ]);
});
