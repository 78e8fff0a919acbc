import { setTimeout as pause } from 'node:timers/promises';
import { allEvents } from '@headrace/contracts';
import { AppError, backoffMs, type Clock } from '@headrace/kernel';
import { BusEventPublisher, OutboxRelay, type EventBus, type MessagingLog } from '@headrace/messaging';
import pg from 'pg';
import { DataSource, type DataSourceOptions, type QueryRunner, type ReplicationMode } from 'typeorm';
import { type DatabaseSchema } from './database.js';
import { translateDatabaseError } from './database-errors.js';
import { migrate, revert } from './migrations/migrate.js';
import { type PgliteServer } from './pglite/open-pglite.js';
import { TypeormDatabase } from './typeorm-database.js';

/** Where the database is: a PostgreSQL server by URL, or the PGlite of this process. */
export type DatabaseLocation = { readonly url: string } | { readonly pglite: PgliteServer };

export type OpenDatabaseOptions = DatabaseLocation & {
  readonly schema: DatabaseSchema;
  readonly clock: Clock;
  /** Service name: CloudEvents source of the events that leave through the outbox. */
  readonly source: string;
  /** With a bus the outbox is relayed to it, beginning with what an earlier process left behind. */
  readonly bus?: EventBus;
  readonly onRelayError?: (error: unknown) => void;
  /** How many events each round of the relay published, and how many it could not read. */
  readonly onRelayRound?: (round: { readonly published: number; readonly unreadable: number }) => void;
  /** Called with a sentence each time the server could not be reached and will be tried again. */
  readonly onWaiting?: (message: string) => void;
  /** How long an unreachable server is waited for at the start. Default 60 s. */
  readonly connectTimeoutMs?: number;
  /** Connections to PostgreSQL of this service. Default 10. */
  readonly poolSize?: number;
};

/** Carries errors of the driver into the vocabulary of the platform, wherever TypeORM was asked from. */
class TranslatingDataSource extends DataSource {
  constructor(
    options: DataSourceOptions,
    private readonly where: string,
  ) {
    super(options);
  }

  override createQueryRunner(mode?: ReplicationMode): QueryRunner {
    const runner = super.createQueryRunner(mode);
    const query = runner.query.bind(runner) as (...parameters: unknown[]) => Promise<unknown>;
    runner.query = (async (...parameters: unknown[]) => {
      try {
        return await query(...parameters);
      } catch (error) {
        throw translateDatabaseError(error, this.where);
      }
    }) as QueryRunner['query'];
    return runner;
  }
}

/**
 * Opens the store of one service: connects (waiting for a server that is still starting), makes the schema, runs the
 * migrations, relays what the outbox still holds. Each call makes its own data source with its own list of entities:
 * nine services in one process see only their own.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<TypeormDatabase> {
  const { schema, clock } = options;
  const where = whereOf(options);
  const source = await connect(options, where);
  try {
    await migrate(source, schema, clock.now());
    const database = new TypeormDatabase(
      source,
      schema.name,
      where,
      clock,
      'pglite' in options ? options.pglite : undefined,
    );
    await database.outbox.prune();
    if (options.bus !== undefined) {
      const relay = new OutboxRelay({
        store: database.outbox,
        publisher: new BusEventPublisher(options.bus, options.source, clock),
        definitions: allEvents,
        log: logTo(options.onRelayError),
        onRound: (round) => options.onRelayRound?.(round),
      });
      database.relayThrough(relay);
      relay.start();
    }
    return database;
  } catch (error) {
    await source.destroy();
    throw translateDatabaseError(error, where);
  }
}

/**
 * Reverts the newest `count` migrations of a service, on a database that nobody has open. Returns their names.
 *
 * @internal for specs: a release is rolled back by a new migration
 */
export async function revertMigrations(
  options: DatabaseLocation & { readonly schema: DatabaseSchema; readonly count: number },
): Promise<readonly string[]> {
  const where = whereOf(options);
  const source = await connect(options, where);
  try {
    return await revert(source, options.schema, options.count);
  } finally {
    await source.destroy();
  }
}

interface ConnectOptions {
  readonly schema: DatabaseSchema;
  readonly onWaiting?: (message: string) => void;
  readonly connectTimeoutMs?: number;
  readonly poolSize?: number;
}

const connectBackoff = { firstMs: 250, maxMs: 5_000 };

async function connect(options: DatabaseLocation & ConnectOptions, where: string): Promise<DataSource> {
  const deadline = performance.now() + (options.connectTimeoutMs ?? 60_000);
  for (let attempt = 1; ; attempt += 1) {
    const waitMs = backoffMs(connectBackoff, attempt);
    const source = new TranslatingDataSource(dataSourceOptionsOf(options), where);
    try {
      return await source.initialize();
    } catch (error) {
      const translated = translateDatabaseError(error, where);
      if (!(translated instanceof AppError) || !translated.retryable) throw translated;
      if (performance.now() + waitMs > deadline) throw translated;
      options.onWaiting?.(`${translated.message}; trying again in ${waitMs} ms`);
    }
    await pause(waitMs);
  }
}

function dataSourceOptionsOf(options: DatabaseLocation & ConnectOptions): DataSourceOptions {
  const { schema } = options;
  const shared = {
    type: 'postgres' as const,
    driver: pg,
    schema: schema.name,
    entities: [...schema.entities],
    synchronize: false,
    logging: false,
    // No extension is needed, and creating one needs a privilege that the service may not have.
    installExtensions: false,
    applicationName: `headrace-${schema.name}`,
    // A connection that breaks while idle is replaced by the pool; readiness learns of a lost server from check().
    poolErrorHandler: () => undefined,
  };
  if ('url' in options) {
    return {
      ...shared,
      url: options.url,
      poolSize: options.poolSize ?? 10,
      connectTimeoutMS: 5_000,
    };
  }
  const { pglite } = options;
  return {
    ...shared,
    username: 'postgres',
    database: 'postgres',
    poolSize: 4,
    extra: { stream: () => pglite.connect() },
  };
}

/** A round of the relay that failed, or an entry that it cannot read; events stay in the outbox. */
export class OutboxRelayError extends AppError {
  readonly code = 'DATABASE_OUTBOX_RELAY';
  readonly kind = 'unavailable';
}

function logTo(onRelayError: OpenDatabaseOptions['onRelayError']): MessagingLog {
  const report = (_fields: unknown, message: string): void => onRelayError?.(new OutboxRelayError(message));
  return { info: () => undefined, warn: report, error: report };
}

/** For messages: never with the password. */
function whereOf(location: DatabaseLocation): string {
  if ('pglite' in location) return location.pglite.directory;
  const { host, pathname } = new URL(location.url);
  return `${host}${pathname}`;
}
