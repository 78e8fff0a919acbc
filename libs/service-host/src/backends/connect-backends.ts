import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Cache } from '@headrace/cache';
import { allEvents } from '@headrace/contracts';
import { openDatabase, openPglite, type Database, type PgliteServer } from '@headrace/database';
import {
  backoffMs,
  describeError,
  isAppError,
  SystemClock,
  type Clock,
  type Closeable,
} from '@headrace/kernel';
import { createEventBus, topicSpecsOf, type EventBus, type KafkaConfig } from '@headrace/messaging';
import { type MetricsStore } from '@headrace/metrics-store';
import { type ObjectStore } from '@headrace/object-store';
import { type BackendsConfig } from '../configuration/backends-config.js';
import { type AnyServiceDefinition, type StoreName } from '../service-definition.js';
import { type ServiceLogger } from '../service-logger.js';
import { lockDataDirectory } from './data-directory.js';
import { openCache, openMetricsStore, openObjectStore } from './open-stores.js';

export interface ConnectOptions {
  /** Only the stores that these services use are opened. */
  readonly services: readonly AnyServiceDefinition[];
  readonly clock?: Clock;
  readonly logger?: ServiceLogger;
  /** Called each time a backend cannot be reached and will be retried. */
  readonly onWaiting?: (reason: string) => void;
  /** Aborts the waiting. */
  readonly signal?: AbortSignal;
}

/** The stores of one process. Services that run in one process share them. */
export interface SharedBackends extends Closeable {
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly cache: Cache | undefined;
  readonly metrics: MetricsStore | undefined;
  readonly objects: ObjectStore | undefined;
  /** Opens the schema of one service. The caller closes it before the backends. */
  openDatabase(service: AnyServiceDefinition, logger: ServiceLogger): Promise<Database>;
  close(): Promise<void>;
}

/**
 * Opens only what the services use. A server that cannot be reached is retried, with a message each time; any other error
 * rejects at once. There is no fallback to another adapter.
 */
export async function connectBackends(
  config: BackendsConfig,
  options: ConnectOptions,
): Promise<SharedBackends> {
  const opened: Closeable[] = [];
  const uses = new Set<StoreName>(options.services.flatMap((service) => service.uses));
  const clock = options.clock ?? new SystemClock();
  const open = async <T extends Closeable>(what: string, make: () => Promise<T>): Promise<T> => {
    const resource = await retryUntilAvailable(what, make, options);
    opened.push(resource);
    return resource;
  };
  try {
    if (needsDataDirectory(config, uses)) opened.push(lockDataDirectory(config.dataDirectory));
    const directory = config.dataDirectory;
    const bus = await open('the event bus', async () => {
      const made = await createBus(config, clock, options);
      // Every topic exists before it is read, whichever service starts first.
      await made.provision(topicSpecsOf(allEvents));
      return made;
    });
    const pglite =
      uses.has('database') && config.databaseUrl === undefined
        ? await open('the database', () =>
            openPglite(join(directory, 'database'), {
              onMaintenanceError: (error) =>
                options.logger?.warn(
                  { error },
                  `Maintenance of the database failed and will run again: ${describeError(error)}`,
                ),
            }),
          )
        : undefined;
    return {
      bus,
      clock,
      cache: uses.has('cache') ? await open('the cache', () => openCache(config, clock)) : undefined,
      metrics: uses.has('metrics')
        ? await open('the metrics store', () => openMetricsStore(config, clock))
        : undefined,
      objects: uses.has('objects')
        ? await open('the object store', () => openObjectStore(config))
        : undefined,
      openDatabase: (service, logger) => openServiceDatabase(service, config, pglite, bus, clock, logger),
      close: () => closeAll(opened, options.logger),
    };
  } catch (error) {
    await closeAll(opened, options.logger);
    throw error;
  }
}

function needsDataDirectory(config: BackendsConfig, uses: ReadonlySet<StoreName>): boolean {
  return (
    config.bus.driver === 'embedded' ||
    (uses.has('database') && config.databaseUrl === undefined) ||
    (uses.has('cache') && config.cacheUrl === undefined) ||
    (uses.has('metrics') && config.metrics.driver === 'embedded')
  );
}

function createBus(
  config: BackendsConfig,
  clock: Clock,
  { logger, onWaiting }: ConnectOptions,
): Promise<EventBus> {
  if (config.bus.driver === 'embedded') {
    return createEventBus({
      driver: 'embedded',
      directory: join(config.dataDirectory, 'bus'),
      options: { clock },
    });
  }
  const { brokers, clientId, tls, sasl, replicationFactor } = config.bus.kafka;
  const kafka: KafkaConfig = {
    brokers,
    clientId,
    replicationFactor,
    ...(sasl === undefined ? {} : { sasl }),
    ...(tls === undefined ? {} : { ssl: withoutUndefined(tls) }),
    onEvent: (level, message) => {
      logger?.[level]({}, message);
      // The bus survives a broker's restart by itself. Meanwhile a probe should say what it waits for.
      if (level !== 'info') {
        onWaiting?.(`the event bus at ${brokers.join(', ')} cannot be reached yet: ${message}`);
      }
    },
  };
  return createEventBus({ driver: 'kafka', kafka });
}

function withoutUndefined(tls: NonNullable<KafkaTls>): { ca?: string; cert?: string; key?: string } {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
}
type KafkaTls = Extract<BackendsConfig['bus'], { driver: 'kafka' }>['kafka']['tls'];

function openServiceDatabase(
  service: AnyServiceDefinition,
  config: BackendsConfig,
  pglite: PgliteServer | undefined,
  bus: EventBus,
  clock: Clock,
  logger: ServiceLogger,
): Promise<Database> {
  if (service.database === undefined) {
    throw new TypeError(`${service.name} uses the database but declares no schema`);
  }
  const location =
    pglite !== undefined
      ? { pglite }
      : config.databaseUrl !== undefined
        ? { url: config.databaseUrl }
        : undefined;
  if (location === undefined) {
    throw new TypeError(`${service.name} is not among the services that the backends were connected for`);
  }
  return openDatabase({
    ...location,
    schema: service.database,
    clock,
    source: service.name,
    bus,
    onRelayError: (error) => logger.warn({ error }, `The outbox cannot publish: ${describeError(error)}`),
    onWaiting: (message) => logger.warn({}, message),
  });
}

const connectBackoff = { firstMs: 500, maxMs: 10_000 };

async function retryUntilAvailable<T>(
  what: string,
  make: () => Promise<T>,
  options: ConnectOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const waitMs = backoffMs(connectBackoff, attempt);
    try {
      return await raceWithAbort(options.signal, make());
    } catch (error) {
      if (!isAppError(error) || !error.retryable) throw error;
      const reason = `${what} cannot be reached yet: ${describeError(error)}`;
      options.onWaiting?.(reason);
      options.logger?.warn({ error, waitMs }, `${reason}; retrying in ${waitMs} ms`);
    }
    await pause(waitMs, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

/** An adapter may wait a long time for its server. Aborting does not wait for the adapter. */
async function raceWithAbort<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  const settled = new AbortController();
  try {
    const aborted = once(signal, 'abort', { signal: settled.signal }).then((): never => {
      throw signal.reason;
    });
    // This promise may reject after the work has settled, when nothing handles it any more.
    aborted.catch(() => undefined);
    return await Promise.race([work, aborted]);
  } finally {
    settled.abort();
  }
}

/** Closes in reverse order. A resource that fails to close does not keep the next one from closing. */
async function closeAll(opened: Closeable[], logger: ServiceLogger | undefined): Promise<void> {
  for (const closeable of opened.splice(0).reverse()) {
    try {
      await closeable.close();
    } catch (error) {
      logger?.error({ error }, `Closing ${closeable.constructor.name} failed: ${describeError(error)}`);
    }
  }
}
