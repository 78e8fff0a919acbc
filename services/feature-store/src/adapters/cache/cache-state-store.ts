import { type Cache, type CacheWrite } from '@headrace/cache';
import { digestOf } from '@headrace/kernel';
import { type ServiceMetrics } from '@headrace/service-host';
import { StateStore } from '../../application/ports.js';
import { EntityState } from '../../domain/entity-state.js';
import { type FeatureView } from '../../domain/feature-view.js';
import { type LabelDeclaration } from '../../domain/label.js';
import { StateDamagedError } from '../../domain/state-frame.js';

/** Stores state in the cache: first the chunks of older rows, then the small value that names them. */
export class CacheStateStore extends StateStore {
  private readonly prefix: string;
  private readonly damaged;

  constructor(
    private readonly cache: Cache,
    private readonly view: FeatureView,
    private readonly labels: readonly LabelDeclaration[],
    private readonly retentionMs: number,
    metrics: ServiceMetrics,
  ) {
    super();
    this.damaged = metrics.counter(
      'feature_store_states_damaged_total',
      'Stored states that were damaged and discarded',
      ['view'],
    );
    // State of another shape cannot be read: a change of shape starts with empty state.
    const { columns, windowMinutes, latenessMinutes } = view.layout;
    const shape = JSON.stringify([{ columns, windowMinutes, latenessMinutes }, labels]);
    this.prefix = `feature-store/state/${view.rule}/${digestOf(shape).slice(7, 19)}`;
  }

  async load(systemIds: readonly string[]): Promise<ReadonlyMap<string, EntityState>> {
    const states = new Map<string, EntityState>();
    if (systemIds.length === 0) return states;
    const heads = await this.cache.getMany(systemIds.map((systemId) => this.headKey(systemId)));
    const found = systemIds.flatMap((systemId, index) => {
      const head = heads[index]?.value;
      const chunks =
        head === undefined ? undefined : this.readUnlessDamaged(() => EntityState.chunksOf(head));
      return head === undefined || chunks === undefined ? [] : [{ systemId, head, chunks }];
    });
    const keys = found.flatMap(({ systemId, chunks }) =>
      chunks.map((index) => this.chunkKey(systemId, index)),
    );
    const stored = keys.length === 0 ? [] : await this.cache.getMany(keys);
    let next = 0;
    for (const { systemId, head, chunks } of found) {
      const mine = stored.slice(next, next + chunks.length).flatMap((chunk) => chunk?.value ?? []);
      next += chunks.length;
      const state = this.readUnlessDamaged(() => EntityState.decode(this.view, this.labels, head, mine));
      if (state !== undefined) states.set(systemId, state);
    }
    return states;
  }

  /** A damaged state counts as lost. That of a newer release is an error, so that it is not overwritten. */
  private readUnlessDamaged<Result>(read: () => Result): Result | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof StateDamagedError)) throw error;
      this.damaged.inc({ view: this.view.name });
      return undefined;
    }
  }

  async save(states: ReadonlyMap<string, EntityState>): Promise<void> {
    if (states.size === 0) return;
    const chunks: CacheWrite[] = [];
    for (const [systemId, state] of states) {
      const chunk = state.seal();
      if (chunk === undefined) continue;
      chunks.push({ key: this.chunkKey(systemId, chunk.index), value: chunk.bytes, ttlMs: this.retentionMs });
    }
    if (chunks.length > 0) {
      await this.cache.setMany(chunks);
      await this.cache.flush();
    }
    await this.cache.setMany(
      [...states].map(([systemId, state]) => ({
        key: this.headKey(systemId),
        value: state.encode(),
        ttlMs: this.retentionMs,
      })),
    );
    await this.cache.flush();
  }

  private headKey(systemId: string): string {
    return `${this.prefix}/head/${systemId}`;
  }

  private chunkKey(systemId: string, index: number): string {
    return `${this.prefix}/chunk/${index}/${systemId}`;
  }
}
