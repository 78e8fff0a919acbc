import {
  FeaturesComputed,
  OutcomeObserved,
  type EventDefinition,
  type ReadingAccepted,
} from '@headrace/contracts';
import { AppError } from '@headrace/kernel';
import { EventPublisher, type ReceivedEvent, type NewEvent } from '@headrace/messaging';
import { PrometheusServiceMetrics } from '@headrace/service-host';
import { describe, expect, it } from 'vitest';
import { EntityState } from '../domain/entity-state.js';
import { FeatureView, featureViewSchema } from '../domain/feature-view.js';
import { labelSchema } from '../domain/label.js';
import { type OnlineRow } from '../domain/online-row.js';
import { ComputeFeatures } from './compute-features.js';
import { OnlineStore, StateStore } from './ports.js';

class StoreDownError extends AppError {
  readonly code = 'TEST_STORE_DOWN';
  readonly kind = 'unavailable';
}

const view = new FeatureView(
  featureViewSchema.parse({
    name: 'system_metrics',
    version: 1,
    owner: 'test',
    entity: 'system_id',
    ttlSeconds: 900,
    columns: ['cpu_usage'],
    windowMinutes: [5],
  }),
);
const label = labelSchema.parse({
  name: 'incident',
  version: 1,
  view: 'system_metrics',
  withinMinutes: 15,
  column: 'cpu_usage',
  atLeast: 90,
});

class RecordingPublisher extends EventPublisher {
  readonly events: { readonly type: string; readonly event: NewEvent }[] = [];

  publish<Definition extends EventDefinition>(
    definition: Definition,
    events: readonly NewEvent<Definition>[],
  ): Promise<void> {
    this.events.push(...events.map((event) => ({ type: definition.type, event: structuredClone(event) })));
    return Promise.resolve();
  }

  of(definition: EventDefinition): readonly unknown[] {
    return this.events.filter(({ type }) => type === definition.type).map(({ event }) => event);
  }
}

/** Keeps the encoded bytes, so that no object travels from before a crash to after it. */
class ByteStateStore extends StateStore {
  readonly heads = new Map<string, Uint8Array>();
  readonly chunks = new Map<string, Uint8Array>();
  failures = 0;

  load(systemIds: readonly string[]): Promise<ReadonlyMap<string, EntityState>> {
    const found = systemIds.flatMap((systemId) => {
      const head = this.heads.get(systemId);
      if (head === undefined) return [];
      const chunks = EntityState.chunksOf(head).flatMap(
        (index) => this.chunks.get(`${index}/${systemId}`) ?? [],
      );
      return [[systemId, EntityState.decode(view, [label], head, chunks)] as const];
    });
    return Promise.resolve(new Map(found));
  }

  save(states: ReadonlyMap<string, EntityState>): Promise<void> {
    if (this.failures > 0) {
      this.failures -= 1;
      return Promise.reject(new StoreDownError('The store is down; try again'));
    }
    for (const [systemId, state] of states) {
      const chunk = state.seal();
      if (chunk !== undefined) this.chunks.set(`${chunk.index}/${systemId}`, chunk.bytes);
      this.heads.set(systemId, state.encode());
    }
    return Promise.resolve();
  }
}

class NoOnlineStore extends OnlineStore {
  write(): Promise<void> {
    return Promise.resolve();
  }

  read(): Promise<readonly (OnlineRow | undefined)[]> {
    return Promise.resolve([]);
  }
}

const noon = Date.UTC(2026, 10, 23, 12);

function reading(index: number, cpu: number, secondsLate = 0): ReceivedEvent<typeof ReadingAccepted> {
  const eventTime = new Date(noon + (index * 20 - secondsLate) * 1_000).toISOString();
  const readingId = `reading-${index}`;
  return {
    id: readingId,
    type: 'test',
    source: 'test',
    time: new Date(eventTime),
    key: 'web-1',
    causationIds: [],
    correlationId: undefined,
    actor: undefined,
    traceparent: undefined,
    position: { topic: 'test', partition: 0, offset: BigInt(index), index: 0 },
    payload: {
      readingId,
      systemId: 'web-1',
      eventTime,
      knownTime: new Date(noon + index * 20_000).toISOString(),
      values: { cpu_usage: cpu },
    },
  };
}

function compute(publisher: EventPublisher, store: StateStore, systemsInMemory = 10): ComputeFeatures {
  const metrics = new PrometheusServiceMetrics('feature-store');
  return new ComputeFeatures(view, [label], publisher, new NoOnlineStore(), store, systemsInMemory, metrics);
}

/** Every ninth reading is a breach, every fifth comes late. */
const readings = Array.from({ length: 200 }, (_, index) =>
  reading(index, index % 90 === 60 ? 95 : index % 13, index % 5 === 4 ? 70 : 0),
);

async function computeUndisturbed(): Promise<RecordingPublisher> {
  const publisher = new RecordingPublisher();
  const operator = compute(publisher, new ByteStateStore());
  for (let from = 0; from < readings.length; from += 10) {
    await operator.execute(readings.slice(from, from + 10));
  }
  return publisher;
}

describe('computing features', () => {
  it('gives the same events when each batch ends one process and starts another', async () => {
    const publisher = new RecordingPublisher();
    const store = new ByteStateStore();
    for (let from = 0; from < readings.length; from += 10) {
      await compute(publisher, store).execute(readings.slice(from, from + 10));
    }
    expect(publisher.events).toEqual((await computeUndisturbed()).events);
  });

  it('repeats the same events after a crash between publishing and storing', async () => {
    const publisher = new RecordingPublisher();
    const store = new ByteStateStore();
    const operator = compute(publisher, store);
    await operator.execute(readings.slice(0, 100));
    const before = publisher.events.length;
    store.failures = 1;
    await expect(operator.execute(readings.slice(100, 150))).rejects.toThrow(StoreDownError);
    const first = publisher.events.splice(before);
    await operator.execute(readings.slice(100, 150));
    expect(publisher.events.slice(before)).toEqual(first);
  });

  it('publishes nothing new when stored readings are delivered again', async () => {
    const publisher = new RecordingPublisher();
    const store = new ByteStateStore();
    await compute(publisher, store).execute(readings);
    const before = publisher.events.length;
    await compute(publisher, store).execute(readings.slice(120));
    expect(publisher.events).toHaveLength(before);
  });

  it('continues from the store when another member handled its partition in between', async () => {
    const publisher = new RecordingPublisher();
    const store = new ByteStateStore();
    const [mine, other] = [compute(publisher, store), compute(publisher, store)];
    await mine.execute(readings.slice(0, 100));
    await other.execute(readings.slice(100, 150));
    await mine.execute(readings.slice(150));
    const whole = await computeUndisturbed();
    for (const definition of [FeaturesComputed, OutcomeObserved]) {
      expect(publisher.of(definition)).toEqual(whole.of(definition));
    }
  });

  it('keeps no more systems in memory than configured, and loses none', async () => {
    const publisher = new RecordingPublisher();
    const operator = compute(publisher, new ByteStateStore(), 1);
    const of = (systemId: string, index: number) => {
      const one = reading(index, index);
      return { ...one, payload: { ...one.payload, readingId: `${systemId}-${index}`, systemId } };
    };
    for (let index = 0; index < 4; index += 1) await operator.execute([of('a', index), of('b', index)]);
    const last = publisher.of(FeaturesComputed).at(-1) as NewEvent<typeof FeaturesComputed>;
    expect(last.payload.features).toMatchObject({ cpu_usage_mean_5m: 1.5, cpu_usage_max_5m: 3 });
  });
});
