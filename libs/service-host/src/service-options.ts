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

/** What every service takes from its configuration to run; parsed by `hostConfigSchema`. */
export interface HostConfig {
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  readonly logFormat: 'json' | 'pretty';
  /** Milliseconds that draining may take before the process ends all the same. */
  readonly drainTimeoutMs: number;
  /** Largest accepted body in bytes. */
  readonly bodyLimitBytes: number;
  /** OTLP endpoint for traces; undefined: traces stay in the process. */
  readonly otlpEndpoint: string | undefined;
}

/** Answers `ready`, or the reason why the service cannot do its job now. */
export type ReadinessCheck = () => Promise<'ready' | { readonly notReady: string }>;

/** How the HTTP side of a service differs from that of the others. */
export interface HttpOptions {
  /**
   * Bodies of any other content type than JSON and text, and of none at all, reach the handler as a Buffer. Without it
   * they are answered 415.
   */
  readonly anyContentType?: boolean;
  /** Parsers, hooks and routes of Fastify itself, for paths where Nest's layers cost too much. Runs before Nest's routes. */
  readonly configure?: (fastify: FastifyInstance) => void | Promise<void>;
  /**
   * How long each of these routes (by template, such as `/v1/readings`) may take; then the request is answered 503 with
   * Retry-After. What it began goes on: only for work that may be done twice.
   */
  readonly answerWithinMs?: Readonly<Record<string, number>>;
}

export interface ServiceOptions {
  /** Service name: consumer group, event source, metrics label. */
  readonly name: string;
  readonly module: DynamicModule;
  readonly config: HostConfig;
  /** Consumed through @On and @OnBatch handlers of the module's controllers; undefined: the service consumes nothing. */
  readonly bus?: EventBus;
  readonly grpc?: { readonly packages: readonly string[]; readonly protoPaths: readonly string[] };
  readonly readiness?: Readonly<Record<string, ReadinessCheck>>;
  readonly http?: HttpOptions;
  /** Run one after the other before the service listens; a failure ends the start. Resolved from the Nest container. */
  readonly startup?: readonly Type<RunnableUseCase>[];
  readonly tasks?: readonly BackgroundTask[];
  /** Runs `tasks`; default: one of the service's own. */
  readonly backgroundTasks?: BackgroundTasks;
  /** Default: one of the service's own, on standard output. */
  readonly logger?: ServiceLogger;
  /** Default: one of the service's own. */
  readonly metrics?: ServiceMetrics;
  /** Closed in this order after consuming has stopped and requests have drained. Stores come last. */
  readonly closing?: readonly Closeable[];
}

export interface RunningService extends Closeable {
  readonly name: string;
  /** `http://127.0.0.1:8085`, with the port that was really taken (port 0 asks for a free one). */
  readonly httpUrl: string;
  readonly grpcAddress: string | undefined;
}
