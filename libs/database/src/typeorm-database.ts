import { AsyncLocalStorage } from 'node:async_hooks';
import { withTimeout, type Clock } from '@headrace/kernel';
import { type OutboxRelay } from '@headrace/messaging';
import { type DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { Database, type Transaction } from './database.js';
import {
  DatabaseUnavailableError,
  TransactionMisusedError,
  translateDatabaseError,
} from './database-errors.js';
import { type PgliteServer } from './pglite/open-pglite.js';
import { quoted } from './quoted.js';
import { TypeormOutboxStore } from './typeorm-outbox-store.js';

interface Scope {
  readonly store: object;
  active: boolean;
}

/** The transaction that the running code is inside of, across awaits. One for all databases of the process. */
const scopes = new AsyncLocalStorage<Scope>();
const checkTimeoutMs = 5_000;

/** Database on PostgreSQL or PGlite; both speak the same driver, and only leases differ. */
export class TypeormDatabase extends Database {
  readonly outbox: TypeormOutboxStore;
  private readonly inbox: string;
  private readonly working = new Set<Promise<unknown>>();
  private closing: Promise<void> | undefined;
  private relay: OutboxRelay | undefined;

  constructor(
    private readonly source: DataSource,
    private readonly schema: string,
    private readonly where: string,
    private readonly clock: Clock,
    private readonly pglite: PgliteServer | undefined,
  ) {
    super();
    this.outbox = new TypeormOutboxStore(this, schema, clock);
    this.inbox = `${quoted(schema)}.headrace_inbox`;
  }

  /** Events are handed to this relay as soon as they are committed. It is closed with the database. */
  relayThrough(relay: OutboxRelay): void {
    this.relay = relay;
  }

  get manager(): EntityManager {
    this.refuseInsideTransaction('Database.manager was used');
    return this.source.manager;
  }

  async transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    this.refuseInsideTransaction('a second transaction was begun');
    if (this.closing !== undefined) {
      throw new DatabaseUnavailableError(this.where, new Error('the database is closing'));
    }
    const running = this.runTransaction(work);
    this.working.add(running);
    try {
      return await running;
    } finally {
      this.working.delete(running);
    }
  }

  async withLease<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    const lease = `headrace/lease/${this.schema}/${name}`;
    if (this.pglite !== undefined) {
      const release = this.pglite.tryLease(lease);
      if (release === undefined) return undefined;
      try {
        return await work();
      } finally {
        release();
      }
    }
    // A connection of its own: the lock belongs to the session and ends with it, so also with the process.
    const runner = this.source.createQueryRunner();
    try {
      const rows = (await runner.query('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS held', [
        lease,
      ])) as { held: boolean }[];
      if (rows[0]?.held !== true) return undefined;
      try {
        return await work();
      } finally {
        await runner.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [lease]);
      }
    } finally {
      await runner.release();
    }
  }

  async check(): Promise<void> {
    if (this.closing !== undefined) {
      throw new DatabaseUnavailableError(this.where, new Error('the database is closed'));
    }
    await this.pglite?.check();
    try {
      await withTimeout(
        checkTimeoutMs,
        () => new Error(`no answer within ${checkTimeoutMs} ms`),
        () => this.source.query('SELECT 1'),
      );
    } catch (error) {
      const translated = translateDatabaseError(error, this.where);
      throw translated instanceof DatabaseUnavailableError
        ? translated
        : new DatabaseUnavailableError(this.where, error);
    }
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    await Promise.allSettled(this.working);
    await this.relay?.close();
    if (this.source.isInitialized) await this.source.destroy();
  }

  private async runTransaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const runner = this.source.createQueryRunner();
    const scope: Scope = { store: this.pglite ?? this, active: true };
    try {
      await runner.startTransaction('READ COMMITTED');
      await runner.query(`SET LOCAL search_path TO ${quoted(this.schema)}`);
      let stated = 0;
      const transaction = this.transactionOf(runner, (count) => {
        stated += count;
      });
      const result = await scopes.run(scope, () => work(transaction));
      await runner.commitTransaction();
      scope.active = false;
      if (stated > 0) this.relay?.notify();
      return result;
    } catch (error) {
      // When the rollback fails too, the connection is gone and the server rolls back by itself: the first error counts.
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw translateDatabaseError(error, this.where);
    } finally {
      scope.active = false;
      await runner.release();
    }
  }

  private transactionOf(runner: QueryRunner, onEmitted: (count: number) => void): Transaction {
    return {
      manager: runner.manager,
      emit: async (...events) => {
        await this.outbox.add(runner.manager, events);
        onEmitted(events.length);
      },
      claim: async (handler, eventId) => {
        const rows: unknown[] = await runner.manager.query(
          `INSERT INTO ${this.inbox} (handler, event_id, handled_at) VALUES ($1, $2, $3)
           ON CONFLICT DO NOTHING RETURNING event_id`,
          [handler, eventId, this.clock.now()],
        );
        return rows.length > 0;
      },
    };
  }

  private refuseInsideTransaction(what: string): void {
    const scope = scopes.getStore();
    if (scope?.active === true && scope.store === (this.pglite ?? this)) {
      throw new TransactionMisusedError(
        `${what} inside a transaction of schema ${this.schema}: use the manager that the transaction was given, because transactions are serialised on PGlite and this would wait for itself`,
      );
    }
  }
}
