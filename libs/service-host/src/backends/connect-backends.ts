import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Cache } from '@headrace/cache';
import { allEvents } from '@headrace/contracts';
import { openDatabase, openPglite, type Database, type PgliteServer } from '@headrace/database';
import { describeError, isAppError, SystemClock, type Clock, type Closeable } from '@headrace/kernel';
import { createEventBus, topicSpecsOf, type EventBus, type KafkaConfig } from '@headrace/messaging';
import { type MetricsStore } from '@headrace/metrics-store';
import { type ObjectStore } from '@headrace/object-store';
import { type BackendsConfig } from '../configuration/backends-config.js';
import { type AnyServiceDefinition, type StoreName } from '../service-definition.js';
import { type ServiceLogger } from '../service-logger.js';
import { lockDataDirectory } from './data-directory.js';
import { openCache, openMetricsStore, openObjectStore } from './open-stores.js';

export interface ConnectOptions {
  /** Only what these use is opened. */
  readonly services: readonly AnyServiceDefinition[];
  readonly clock?: Clock;
  readonly logger?: ServiceLogger;
  /** Told each time something could not be reached and is tried again. */
  readonly onWaiting?: (reason: string) => void;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** The stores of one process. Nine services in one process share the same objects. */
export interface SharedBackends extends Closeable {
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly cache: Cache | undefined;
  readonly metrics: MetricsStore | undefined;
  readonly objects: ObjectStore | undefined;
  /** Opens the schema of one service; the caller closes it before the backends. */
  openDatabase(service: AnyServiceDefinition, logger: ServiceLogger): Promise<Database>;
  close(): Promise<void>;
}

/**
 * Opens what the services use, and nothing else. A server that cannot be reached yet is waited for, with a message each
 * time; anything else fails at once. There is no falling back to another adapter.
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
      // Every topic exists before anybody reads it, whichever service starts first.
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
      // The bus outlasts a broker's restart by itself; who asks meanwhile shall know what is waited for.
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
    throw new TypeError(`${service.name} uses the database and declares no schema`);
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
    onRelayError: (error) => logger.warn({ error }, `The outbox waits: ${describeError(error)}`),
    onWaiting: (message) => logger.warn({}, message),
  });
}

const maxWaitMs = 10_000;

async function retryUntilAvailable<T>(
  what: string,
  make: () => Promise<T>,
  options: ConnectOptions,
): Promise<T> {
  for (let waitMs = 500; ; waitMs = Math.min(waitMs * 2, maxWaitMs)) {
    try {
      return await raceWithAbort(options.signal, make());
    } catch (error) {
      if (!isAppError(error) || !error.retryable) throw error;
      const reason = `${what} cannot be reached yet: ${describeError(error)}`;
      options.onWaiting?.(reason);
      options.logger?.warn({ error, waitMs }, `${reason}; trying again in ${waitMs} ms`);
    }
    await pause(waitMs, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

/** An adapter may itself wait long for its server; who is asked to end does not. */
async function raceWithAbort<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  const settled = new AbortController();
  try {
    const aborted = once(signal, 'abort', { signal: settled.signal }).then((): never => {
      throw signal.reason;
    });
    // It rejects also when the work was first and nobody listens any more.
    aborted.catch(() => undefined);
    return await Promise.race([work, aborted]);
  } finally {
    settled.abort();
  }
}

/** In the reverse order; one that does not close must not keep the next from closing. */
async function closeAll(opened: Closeable[], logger: ServiceLogger | undefined): Promise<void> {
  for (const closeable of opened.splice(0).reverse()) {
    try {
      await closeable.close();
    } catch (error) {
      logger?.error({ error }, `Closing ${closeable.constructor.name} went wrong: ${describeError(error)}`);
    }
  }
}
