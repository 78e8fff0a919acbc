import { type Clock } from '@headrace/kernel';
import {
  OutboxStore,
  toStoredEvent,
  type OutboxEntry,
  type PendingEvent,
  type StoredEvent,
} from '@headrace/messaging';
import { type EntityManager } from 'typeorm';
import { type Database } from './database.js';
import { quoted } from './quoted.js';

/** Published entries are kept this long, to answer what was said when; then they are pruned as new ones are marked. */
const keepPublishedDays = 7;

/** The outbox table of one schema. Events are written inside the transaction of the state that they speak of. */
export class TypeormOutboxStore extends OutboxStore {
  private readonly table: string;

  constructor(
    private readonly database: Database,
    schema: string,
    private readonly clock: Clock,
  ) {
    super();
    this.table = `${quoted(schema)}.headrace_outbox`;
  }

  async add(manager: EntityManager, events: readonly PendingEvent[]): Promise<void> {
    if (events.length === 0) return;
    const stored = events.map((event) => toStoredEvent(event));
    // One statement, and WITH ORDINALITY keeps the order of the call in the sequence.
    await manager.query(
      `INSERT INTO ${this.table} (fact, stated_at)
       SELECT fact, $2 FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS stated (fact, place) ORDER BY place`,
      [JSON.stringify(stored), this.clock.now()],
    );
  }

  exclusively<T>(work: () => Promise<T>): Promise<T | undefined> {
    return this.database.withLease('outbox-relay', work);
  }

  async pending(limit: number, after = '0'): Promise<readonly OutboxEntry[]> {
    const rows: { sequence: string; fact: StoredEvent }[] = await this.database.manager.query(
      `SELECT sequence::text AS sequence, fact FROM ${this.table}
       WHERE published_at IS NULL AND headrace_outbox.sequence > $1::bigint
       ORDER BY headrace_outbox.sequence LIMIT $2`,
      [after, limit],
    );
    return rows;
  }

  async markPublished(sequences: readonly string[]): Promise<void> {
    if (sequences.length === 0) return;
    await this.database.manager.query(
      `UPDATE ${this.table} SET published_at = $2 WHERE sequence = ANY($1::bigint[])`,
      [sequences, this.clock.now()],
    );
  }

  /** Removes entries whose publication is long past. */
  async prune(): Promise<void> {
    const before = new Date(this.clock.now().getTime() - keepPublishedDays * 86_400_000);
    await this.database.manager.query(`DELETE FROM ${this.table} WHERE published_at < $1`, [before]);
  }
}
