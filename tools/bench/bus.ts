import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { defineEvent, FeaturesComputed } from '@headrace/contracts';
import {
  BusEventPublisher,
  createEventBus,
  decodeRecord,
  type EventBus,
  type EventBusConfig,
  type NewEvent,
} from '@headrace/messaging';
import { percentile, type BenchResult } from './bench-result.js';

const records = 100_000;
const recordBytes = 200;
const recordsPerAppend = 500;
const events = 50_000;
const eventsPerPublish = 2_000;
const probes = 300;

/**
 * Throughput of the event bus in records of 200 bytes and in events of 31 features, and the latency from publish to handler.
 * Always embedded; also Kafka when KAFKA_BROKERS or HEADRACE_TEST_KAFKA_BROKERS is set, with embedded as the reference.
 */
export async function benchBus(): Promise<BenchResult[]> {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-bench-bus-'));
  try {
    const embedded = await measure('embedded', { driver: 'embedded', directory });
    const brokers = process.env['KAFKA_BROKERS'] ?? process.env['HEADRACE_TEST_KAFKA_BROKERS'];
    if (brokers === undefined || brokers === '') return embedded;
    const kafka = await measure('kafka', {
      driver: 'kafka',
      kafka: { brokers: brokers.split(','), clientId: 'headrace-bench' },
    });
    return [
      ...embedded,
      ...kafka.map((result, index) => {
        const reference = embedded[index];
        if (reference === undefined) return result;
        return {
          ...result,
          reference: { name: reference.name, value: reference.value },
        };
      }),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measure(adapter: string, config: EventBusConfig): Promise<BenchResult[]> {
  const bus = await createEventBus(config);
  try {
    return [
      ...(await measureRecords(adapter, bus)),
      ...(await measureEvents(adapter, bus)),
      ...(await measureLatency(adapter, bus)),
    ];
  } finally {
    await bus.close();
  }
}

async function measureRecords(adapter: string, bus: EventBus): Promise<BenchResult[]> {
  const topic = await createTopic(bus, 4);
  const value = Buffer.alloc(recordBytes, 'x');
  const produced = await measureSeconds(async () => {
    // Two appends in flight keep the writer busy; more would measure the buffer.
    let sent = 0;
    const producer = async (): Promise<void> => {
      while (sent < records) {
        const from = sent;
        sent += recordsPerAppend;
        await bus.append(
          Array.from({ length: recordsPerAppend }, (_, index) => ({
            topic,
            key: `system-${(from + index) % 1_000}`,
            value,
            headers: {},
          })),
        );
      }
    };
    await Promise.all([producer(), producer(), producer(), producer()]);
  });
  const consumed = await measureSeconds(() =>
    consumeUntil(bus, topic, records, (batch) => Promise.resolve(batch.records.length)),
  );
  return [
    higherIsBetter(`${adapter}: append, ${recordBytes} B, durable`, records / produced, 'records/s'),
    higherIsBetter(`${adapter}: consume, ${recordBytes} B, committed`, records / consumed, 'records/s'),
  ];
}

async function measureEvents(adapter: string, bus: EventBus): Promise<BenchResult[]> {
  const topic = await createTopic(bus, 4);
  const definition = defineEvent({ ...FeaturesComputed, topic, retentionDays: 1 });
  const publisher = new BusEventPublisher(bus, 'bench');
  const all = Array.from({ length: events }, (_, index) => buildFeatures(index));
  const published = await measureSeconds(async () => {
    for (let from = 0; from < events; from += eventsPerPublish) {
      await publisher.publish(definition, all.slice(from, from + eventsPerPublish));
    }
  });
  const handled = await measureSeconds(() =>
    consumeUntil(bus, topic, events, (batch) =>
      Promise.resolve(
        batch.records.reduce((sum, record) => sum + decodeRecord(definition, record).length, 0),
      ),
    ),
  );
  return [
    higherIsBetter(
      `${adapter}: publish facts of 31 features, checked and batched`,
      events / published,
      'facts/s',
    ),
    higherIsBetter(
      `${adapter}: consume facts of 31 features, decoded and checked`,
      events / handled,
      'facts/s',
    ),
  ];
}

async function measureLatency(adapter: string, bus: EventBus): Promise<BenchResult[]> {
  const topic = await createTopic(bus, 1);
  const latencies: number[] = [];
  const consumer = await bus.consume(
    { group: uniqueName('group'), topics: [topic] },
    ({ records: batch }) => {
      const now = performance.now();
      for (const record of batch) latencies.push(now - Number(Buffer.from(record.value).toString()));
      return Promise.resolve();
    },
  );
  try {
    for (let probe = 0; probe < probes; probe++) {
      await bus.append([{ topic, key: 'k', value: Buffer.from(String(performance.now())), headers: {} }]);
      await pause(2);
    }
    while (latencies.length < probes) await pause(5);
  } finally {
    await consumer.close();
  }
  // The first tenth warms up.
  const warm = latencies.slice(probes / 10);
  return [
    lowerIsBetter(`${adapter}: publish to handler, p50`, percentile(warm, 0.5), 'ms'),
    lowerIsBetter(`${adapter}: publish to handler, p99`, percentile(warm, 0.99), 'ms'),
  ];
}

async function consumeUntil(
  bus: EventBus,
  topic: string,
  wanted: number,
  count: (batch: Parameters<Parameters<EventBus['consume']>[1]>[0]) => Promise<number>,
): Promise<void> {
  let seen = 0;
  let done: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (done = resolve));
  const consumer = await bus.consume(
    { group: uniqueName('group'), topics: [topic], maxRecordsPerBatch: 1_000 },
    async (batch) => {
      seen += await count(batch);
      if (seen >= wanted) done();
    },
  );
  await finished;
  await consumer.close();
}

async function createTopic(bus: EventBus, partitions: number): Promise<string> {
  const topic = uniqueName('topic');
  await bus.provision([{ name: topic, partitions, retentionDays: 1, cleanup: 'delete' }]);
  return topic;
}

function uniqueName(what: string): string {
  return `bench-${what}-${randomUUID()}`;
}

const featureNames = Array.from({ length: 31 }, (_, index) => `system_metric_${index}_mean_15m`);

function buildFeatures(index: number): NewEvent<typeof FeaturesComputed> {
  const time = new Date(1_795_000_000_000 + index * 1_000);
  return {
    id: `features-${index}`,
    time,
    causationIds: [`reading-${index}`],
    payload: {
      featuresId: `features-${index}`,
      readingId: `reading-${index}`,
      systemId: `system-${index % 1_000}`,
      eventTime: time.toISOString(),
      knownTime: time.toISOString(),
      view: 'system_metrics',
      viewVersion: 1,
      features: Object.fromEntries(
        featureNames.map((name, feature) => [name, Math.sin(index * 31 + feature) * 100]),
      ),
    },
  };
}

async function measureSeconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

function higherIsBetter(name: string, value: number, unit: string): BenchResult {
  return { name, value, unit, better: 'higher' };
}

function lowerIsBetter(name: string, value: number, unit: string): BenchResult {
  return { name, value, unit, better: 'lower' };
}
