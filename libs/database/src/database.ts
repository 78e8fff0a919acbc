import { type Closeable } from '@headrace/kernel';
import { type UnitOfWork } from '@headrace/messaging';
import { type EntityManager, type EntitySchema, type MigrationInterface } from 'typeorm';

/** What a service keeps in its own schema of the database. */
export interface DatabaseSchema {
  /** PostgreSQL schema, one a service: `registry`, `canary_controller`. No service reads another's. */
  readonly name: string;
  // eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- TypeORM names entity classes by `Function`
  readonly entities: readonly (Function | EntitySchema)[];
  /** In order; up and down. The outbox and inbox tables come with the library. */
  readonly migrations: readonly (new () => MigrationInterface)[];
}

/** A unit of work on the rows of this schema. */
export interface Transaction extends UnitOfWork {
  /** Use only this manager inside the transaction: on PGlite transactions are serialised. */
  readonly manager: EntityManager;
}

/**
 * The relational store of one service: PostgreSQL, or PGlite behind its socket with the same driver. Guarantees:
 * two concurrent transactions are isolated (read committed, row locks); migrations have run before `open` resolves;
 * a lease is held by one process at a time and ends with the process.
 */
export abstract class Database implements Closeable {
  abstract transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** For reads outside a transaction. */
  abstract get manager(): EntityManager;
  /** Runs `work` while no other process holds the lease of this name; undefined when another one does. */
  abstract withLease<T>(name: string, work: () => Promise<T>): Promise<T | undefined>;
  abstract check(): Promise<void>;
  abstract close(): Promise<void>;
}
