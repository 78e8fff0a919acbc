import { type Closeable } from '@headrace/kernel';
import { type EventBus } from '@headrace/messaging';
import { type DynamicModule, type Type } from '@nestjs/common';
import { type FastifyInstance } from 'fastify';
import {
  type BackgroundTask,
  type BackgroundTasks,
  type RunnableUseCase,
} from './scheduling/background-tasks.js';
import { type ServiceLogger } from './service-logger.js';
import { type ServiceMetrics } from './service-metrics.js';

/** The configuration that every service has; parsed by `hostConfigSchema`. */
export interface HostConfig {
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  readonly logFormat: 'json' | 'pretty';
  /** Time limit of draining; afterwards the process stops anyway. */
  readonly drainTimeoutMs: number;
  /** Maximum size of a request body. */
  readonly bodyLimitBytes: number;
  /** OTLP endpoint for traces; undefined: spans are not exported. */
  readonly otlpEndpoint: string | undefined;
}

/** Resolves to `ready`, or to the reason why the service cannot work now. */
export type ReadinessCheck = () => Promise<'ready' | { readonly notReady: string }>;

/** Options of the HTTP server of a service. */
export interface HttpOptions {
  /**
   * Bodies of any content type other than JSON and text, or without one, reach the handler as a Buffer. Otherwise they are
   * answered with 415.
   */
  readonly anyContentType?: boolean;
  /** Parsers, hooks and routes of Fastify itself, for paths where Nest's layers cost too much. Runs before Nest's routes. */
  readonly configure?: (fastify: FastifyInstance) => void | Promise<void>;
  /**
   * Time limits of routes, by template such as `/v1/readings`. A request that exceeds its limit is answered with 503 and
   * Retry-After, while its work continues: only for work that may be repeated.
   */
  readonly answerWithinMs?: Readonly<Record<string, number>>;
}

export interface ServiceOptions {
  /** Service name: consumer group, event source, metrics label. */
  readonly name: string;
  readonly module: DynamicModule;
  readonly config: HostConfig;
  /** Consumed by the @On and @OnBatch handlers of the module's controllers; undefined: the service consumes nothing. */
  readonly bus?: EventBus;
  readonly grpc?: { readonly packages: readonly string[]; readonly protoPaths: readonly string[] };
  readonly readiness?: Readonly<Record<string, ReadinessCheck>>;
  readonly http?: HttpOptions;
  /** Use cases that run in order before the service listens. A failure fails the start. Resolved from the Nest container. */
  readonly startup?: readonly Type<RunnableUseCase>[];
  readonly tasks?: readonly BackgroundTask[];
  /** Runs `tasks`; default: one of the service's own. */
  readonly backgroundTasks?: BackgroundTasks;
  /** Default: one of the service's own, on standard output. */
  readonly logger?: ServiceLogger;
  /** Default: one of the service's own. */
  readonly metrics?: ServiceMetrics;
  /** Closed in this order after consuming has stopped and requests have drained; stores last. */
  readonly closing?: readonly Closeable[];
}

export interface RunningService extends Closeable {
  readonly name: string;
  /** `http://127.0.0.1:8085`, with the actual port (port 0 takes a free one). */
  readonly httpUrl: string;
  readonly grpcAddress: string | undefined;
}
