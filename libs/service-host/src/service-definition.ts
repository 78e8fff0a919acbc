import { type Cache } from '@headrace/cache';
import { type Database, type DatabaseSchema } from '@headrace/database';
import { type Clock, type Closeable } from '@headrace/kernel';
import { type EventBus, type EventPublisher } from '@headrace/messaging';
import { type MetricsStore } from '@headrace/metrics-store';
import { type ObjectStore } from '@headrace/object-store';
import { type DynamicModule, type Type } from '@nestjs/common';
import { type z } from 'zod';
import { type ServiceName } from './configuration/host-config.js';
import { type ServiceLogger } from './service-logger.js';
import { type ServiceMetrics } from './service-metrics.js';
import {
  type HostConfig,
  type HttpOptions,
  type ReadinessCheck,
  type ServiceOptions,
} from './service-options.js';
import {
  type BackgroundTask,
  type BackgroundTasks,
  type RunnableUseCase,
} from './scheduling/background-tasks.js';
import { type Breakers } from './outbound/breakers.js';

export type StoreName = 'database' | 'cache' | 'metrics' | 'objects';

/** The dependencies that a service is composed from. Reading a store that `uses` does not declare throws. */
export interface Backends {
  readonly bus: EventBus;
  /** Publishes events with this service as their source. */
  readonly publisher: EventPublisher;
  readonly database: Database;
  readonly cache: Cache;
  readonly metrics: MetricsStore;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly logger: ServiceLogger;
  /** Prometheus metrics of this service, served on its `/metrics`. */
  readonly serviceMetrics: ServiceMetrics;
  /** Circuit breakers of this service; `new HttpPeer({ name, baseUrl, breakers })` calls another service through one. */
  readonly breakers: Breakers;
  /** Runs a background task of this service ahead of its schedule. */
  readonly tasks: Pick<BackgroundTasks, 'trigger'>;
}

export interface Composition {
  readonly module: DynamicModule;
  readonly grpc?: ServiceOptions['grpc'];
  readonly http?: HttpOptions;
  readonly readiness?: Readonly<Record<string, ReadinessCheck>>;
  /** Use cases that run in order before the service listens. A failure fails the start. Resolved from the Nest container. */
  readonly startup?: readonly Type<RunnableUseCase>[];
  readonly tasks?: readonly BackgroundTask[];
  /** What the composition opened itself, such as workers; closed before the stores. */
  readonly closing?: readonly Closeable[];
}

/**
 * One service, as it runs in a process of its own or in one-process mode: name, configuration, stores, wiring. `compose`
 * is the only place that binds a port to an adapter.
 */
export interface ServiceDefinition<
  Config extends { readonly host: HostConfig } = { readonly host: HostConfig },
> {
  readonly name: ServiceName;
  /** Parses the environment (upper-case names, strings) into the typed configuration. */
  readonly configSchema: z.ZodType<Config>;
  readonly uses: readonly StoreName[];
  /** Entities and migrations; required when `uses` includes the database. */
  readonly database?: DatabaseSchema;
  compose(config: Config, backends: Backends): Composition | Promise<Composition>;
}

/** A definition without its configuration type. */
export type AnyServiceDefinition = Pick<ServiceDefinition, 'name' | 'uses' | 'database'>;
