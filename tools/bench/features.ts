import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCache } from '@headrace/cache';
import { ReadingAccepted, type EventDefinition } from '@headrace/contracts';
import {
  CacheOnlineStore,
  CacheStateStore,
  ComputeFeatures,
  FeatureView,
  featureViewSchema,
  labelSchema,
} from '@headrace/feature-store/computing';
import { SeededRandom } from '@headrace/kernel';
import {
  decodeRecord,
  encodeEvents,
  EventPublisher,
  type ReceivedEvent,
  type NewEvent,
} from '@headrace/messaging';
import { PrometheusServiceMetrics } from '@headrace/service-host';
import { type BenchResult } from './bench-result.js';

const systems = 500;
const readingsPerBatch = 2_000;
const warmUpBatches = 10;
const batches = 40;
const stepMs = 15_000;
const partitions = 8;
const begin = Date.UTC(2026, 10, 23, 12);

/** Encodes events and discards them: the broker is measured by `bus`. */
class EncodingPublisher extends EventPublisher {
  bytes = 0;

  publish<Definition extends EventDefinition>(
    definition: Definition,
    facts: readonly NewEvent<Definition>[],
  ): Promise<void> {
    for (const { value } of encodeEvents(definition, facts, 'feature-store', partitions, new Date(begin))) {
      this.bytes += value.length;
    }
    return Promise.resolve();
  }
}

/**
 * The feature store without the broker: decodes records of accepted readings, computes 34 features and the label of each,
 * writes online rows and state to the embedded cache and encodes the events. Per second of processor time of the whole
 * process, including the threads of the cache and the garbage collector.
 */
export async function benchFeatures(): Promise<BenchResult[]> {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-bench-features-'));
  const cache = await createCache({ driver: 'embedded', directory });
  try {
    const view = new FeatureView(
      featureViewSchema.parse({
        name: 'system_metrics',
        version: 1,
        owner: 'bench',
        entity: 'system_id',
        ttlSeconds: 900,
        timeFeatures: ['hour', 'day_of_week', 'is_weekend', 'is_business_hours'],
        columns: ['cpu_usage', 'memory_usage', 'disk_io'],
        windowMinutes: [5, 15, 60],
      }),
    );
    const label = labelSchema.parse({
      name: 'incident_within_15m',
      version: 1,
      view: view.name,
      withinMinutes: 15,
      column: 'cpu_usage',
      atLeast: 90,
    });
    const metrics = new PrometheusServiceMetrics('bench');
    const online = new CacheOnlineStore(cache, 3_600_000);
    const states = new CacheStateStore(cache, view, [label], 3_600_000, metrics);
    const publisher = new EncodingPublisher();
    const compute = new ComputeFeatures(view, [label], publisher, online, states, systems, metrics);
    const records = buildRecords(new SeededRandom(7));
    let decoding = 0;
    let began = process.cpuUsage();
    for (const [batch, of] of records.entries()) {
      if (batch === warmUpBatches) {
        began = process.cpuUsage();
        decoding = 0;
      }
      const before = process.cpuUsage();
      const readings = of.flatMap((record) => decodeRecord(ReadingAccepted, record)).map(toEvent);
      const { user, system } = process.cpuUsage(before);
      decoding += user + system;
      await compute.execute(readings);
    }
    const { user, system } = process.cpuUsage(began);
    const readings = (batches - warmUpBatches) * readingsPerBatch;
    return [
      {
        name: 'readings to features: decoded, computed, stored, encoded',
        value: (readings * 1e6) / (user + system),
        unit: 'readings/s',
        better: 'higher',
      },
      { name: 'of which decoding', value: decoding / readings, unit: 'us/reading', better: 'lower' },
      {
        name: 'of which all else',
        value: (user + system - decoding) / readings,
        unit: 'us/reading',
        better: 'lower',
      },
    ];
  } finally {
    await cache.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

type IncomingRecord = Parameters<typeof decodeRecord>[1];

/** Batches of records as a consumer receives them, with consecutive offsets in each partition. */
function buildRecords(random: SeededRandom): readonly (readonly IncomingRecord[])[] {
  const next = new Map<number, bigint>();
  const rounds = readingsPerBatch / systems;
  return Array.from({ length: batches }, (_, batch) => {
    const facts = Array.from({ length: readingsPerBatch }, (_, index): NewEvent<typeof ReadingAccepted> => {
      const system = index % systems;
      const round = batch * rounds + Math.floor(index / systems);
      const time = new Date(begin + round * stepMs + system);
      const id = `reading-${round}-${system}`;
      return {
        id,
        time,
        causationIds: [`event-${round}-${system}`],
        payload: {
          readingId: id,
          systemId: `web-${system}`,
          eventTime: time.toISOString(),
          knownTime: new Date(time.getTime() + 200).toISOString(),
          values: {
            cpu_usage: random.next() * 95,
            memory_usage: random.next() * 100,
            disk_io: random.next() * 5_000,
          },
        },
      };
    });
    return encodeEvents(ReadingAccepted, facts, 'ingestion', partitions, new Date(begin)).map((record) => {
      const partition = record.partition ?? 0;
      const offset = next.get(partition) ?? 0n;
      next.set(partition, offset + 1n);
      return { ...record, partition, offset, timestamp: new Date(begin) };
    });
  });
}

function toEvent(decoded: ReturnType<typeof decodeRecord>[number]): ReceivedEvent<typeof ReadingAccepted> {
  if (decoded.outcome === 'invalid') throw decoded.error;
  return decoded.event;
}
