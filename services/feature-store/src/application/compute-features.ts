import { causedBy, FeaturesComputed, OutcomeObserved, type ReadingAccepted } from '@headrace/contracts';
import { deterministicId } from '@headrace/kernel';
import { type EventPublisher, type ReceivedEvent, type NewEvent } from '@headrace/messaging';
import { type ServiceMetrics } from '@headrace/service-host';
import { EntityState } from '../domain/entity-state.js';
import { type FeatureView } from '../domain/feature-view.js';
import { type LabelDeclaration } from '../domain/label.js';
import { toFeaturesId, type OnlineRow } from '../domain/online-row.js';
import { type Acceptance } from '../domain/windows/entity-windows.js';
import { readingHash } from '../domain/reading-hash.js';
import { type OnlineStore, type StateStore } from './ports.js';

type Reading = ReceivedEvent<typeof ReadingAccepted>;

interface CachedState {
  readonly state: EntityState;
  readonly partition: number;
}

/** The last reading of a batch that changed a system, and the features as of it. */
interface Change {
  readonly reading: Reading;
  readonly state: EntityState;
  readonly features: Float64Array;
}

interface Batch {
  readonly states: Map<string, EntityState>;
  readonly touched: Set<string>;
  readonly features: NewEvent<typeof FeaturesComputed>[];
  readonly outcomes: NewEvent<typeof OutcomeObserved>[];
  readonly changes: Map<string, Change>;
  readonly acceptances: Map<Acceptance, number>;
}

/**
 * Turns readings into features and outcomes of one view. Per batch: events and online rows are written first, then the
 * state of the systems, then the caller commits. So stored state implies that its events are published: after a crash a
 * reading that is in the state is a repeat and is skipped, and one that is not gives the same events with the same ids.
 */
export class ComputeFeatures {
  private readonly cached = new Map<string, CachedState>();
  /** Last offset per partition; a jump means that another member may have handled its systems in between. */
  private readonly lastOffsets = new Map<number, bigint>();
  private readonly acceptances;

  constructor(
    private readonly view: FeatureView,
    private readonly labels: readonly LabelDeclaration[],
    private readonly publisher: EventPublisher,
    private readonly online: OnlineStore,
    private readonly store: StateStore,
    private readonly maxSystemsInMemory: number,
    metrics: ServiceMetrics,
  ) {
    this.acceptances = metrics.counter(
      'feature_store_readings_total',
      'Readings by how the windows accepted them',
      ['acceptance'],
    );
  }

  async execute(readings: readonly Reading[]): Promise<void> {
    if (readings.length === 0) return;
    this.evictAfterJump(readings);
    const batch: Batch = {
      states: await this.loadStates(readings),
      touched: new Set(),
      features: [],
      outcomes: [],
      changes: new Map(),
      acceptances: new Map(),
    };
    try {
      for (const reading of readings) this.apply(reading, batch);
      await Promise.all([
        this.publisher.publish(FeaturesComputed, batch.features),
        this.online.write(
          this.view,
          [...batch.changes.values()].map((change) => this.toOnlineRow(change)),
        ),
      ]);
      await this.publisher.publish(OutcomeObserved, batch.outcomes);
      await this.store.save(new Map([...batch.states].filter(([systemId]) => batch.touched.has(systemId))));
    } catch (error) {
      // The state in memory is ahead of the stored one; the next attempt starts from the stored one.
      for (const systemId of batch.states.keys()) this.cached.delete(systemId);
      throw error;
    }
    for (const [acceptance, count] of batch.acceptances) this.acceptances.inc({ acceptance }, count);
    this.cache(readings, batch);
  }

  private apply(reading: Reading, batch: Batch): void {
    const { systemId, readingId, values, incident } = reading.payload;
    const eventTime = Date.parse(reading.payload.eventTime);
    const knownTime = Date.parse(reading.payload.knownTime);
    let state = batch.states.get(systemId);
    if (state === undefined) {
      state = EntityState.empty(this.view, this.labels);
      batch.states.set(systemId, state);
    }
    const row = this.view.selectValues(values);
    const acceptance = state.windows.accept(eventTime, knownTime, readingHash(readingId), row);
    batch.acceptances.set(acceptance, (batch.acceptances.get(acceptance) ?? 0) + 1);
    if (acceptance === 'too-late' && state.hasApplied(reading.position)) return;
    state.apply(reading.position);
    const isRepeat = acceptance === 'duplicate' || acceptance === 'superseded';
    if (isRepeat && incident !== true) return;
    batch.touched.add(systemId);
    for (const [index, label] of this.labels.entries()) {
      const value = row[this.view.layout.columns.indexOf(label.column)] ?? Number.NaN;
      const observed = { readingId, eventTime, value, incident: incident === true };
      const outcomes = state.outcomes[index]?.observe(observed, acceptance, state.windows) ?? [];
      for (const outcome of outcomes) batch.outcomes.push(this.toOutcomeEvent(label, reading, outcome));
    }
    if (isRepeat) return;
    if (acceptance !== 'too-late') state.touch(eventTime);
    const features = this.view.compute(state.windows, eventTime, row);
    batch.features.push(this.toFeaturesEvent(reading, features));
    if (acceptance !== 'too-late') batch.changes.set(systemId, { reading, state, features });
  }

  /** The row of the newest instant, which a late reading changes too. */
  private toOnlineRow({ reading, state, features }: Change): OnlineRow {
    const { windows } = state;
    const eventTime = windows.newest;
    const isNewest = Date.parse(reading.payload.eventTime) === eventTime;
    const { columns, windowMinutes } = this.view.layout;
    const latest = Float64Array.from(
      columns,
      (_, column) => windows.valueAt(eventTime, column) ?? Number.NaN,
    );
    return {
      systemId: reading.payload.systemId,
      eventTime,
      knownTime: Math.max(Date.parse(reading.payload.knownTime), windows.newestKnown),
      changedBy: reading.payload.readingId,
      values: isNewest ? features : this.view.compute(windows, eventTime, latest),
      fill: Float64Array.from(windowMinutes, (_, window) => windows.fill(eventTime, window).share),
    };
  }

  private toFeaturesEvent(reading: Reading, features: Float64Array): NewEvent<typeof FeaturesComputed> {
    const { readingId, systemId, eventTime, knownTime } = reading.payload;
    const featuresId = toFeaturesId(readingId, this.view.rule);
    return {
      id: featuresId,
      time: new Date(knownTime),
      ...causedBy(reading),
      payload: {
        featuresId,
        readingId,
        systemId,
        eventTime,
        knownTime,
        view: this.view.name,
        viewVersion: this.view.version,
        features: this.view.toRecord(features),
      },
    };
  }

  private toOutcomeEvent(
    label: LabelDeclaration,
    reading: Reading,
    outcome: {
      readonly eventTime: number;
      readonly value: number;
      readonly maturedAt: number;
      readonly decidedBy: string;
    },
  ): NewEvent<typeof OutcomeObserved> {
    const { systemId, knownTime } = reading.payload;
    const eventTime = new Date(outcome.eventTime).toISOString();
    const outcomeId = deterministicId(label.name, systemId, eventTime);
    return {
      id: outcomeId,
      // Known as soon as the deciding reading is.
      time: new Date(knownTime),
      ...causedBy(reading),
      payload: {
        outcomeId,
        label: label.name,
        systemId,
        eventTime,
        value: outcome.value,
        maturedAt: new Date(outcome.maturedAt).toISOString(),
        decidedBy: outcome.decidedBy,
      },
    };
  }

  private async loadStates(readings: readonly Reading[]): Promise<Map<string, EntityState>> {
    const states = new Map<string, EntityState>();
    const missing: string[] = [];
    for (const systemId of new Set(readings.map(({ payload }) => payload.systemId))) {
      const held = this.cached.get(systemId);
      if (held === undefined) missing.push(systemId);
      else states.set(systemId, held.state);
    }
    for (const [systemId, state] of await this.store.load(missing)) states.set(systemId, state);
    return states;
  }

  private cache(readings: readonly Reading[], { states }: Batch): void {
    for (const { payload, position } of readings) {
      const state = states.get(payload.systemId);
      if (state === undefined) continue;
      this.cached.delete(payload.systemId);
      this.cached.set(payload.systemId, { state, partition: position.partition });
    }
    for (const { position } of readings) this.lastOffsets.set(position.partition, position.offset);
    // The least recently used go first; the store returns them when they are needed.
    for (const systemId of this.cached.keys()) {
      if (this.cached.size <= this.maxSystemsInMemory) break;
      this.cached.delete(systemId);
    }
  }

  private evictAfterJump(readings: readonly Reading[]): void {
    for (const partition of new Set(readings.map(({ position }) => position.partition))) {
      const first = readings.find(({ position }) => position.partition === partition)?.position.offset;
      const last = this.lastOffsets.get(partition);
      if (first === undefined || last === undefined || first === last || first === last + 1n) continue;
      for (const [systemId, held] of this.cached) {
        if (held.partition === partition) this.cached.delete(systemId);
      }
    }
  }
}
