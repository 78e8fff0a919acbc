import { setTimeout as pause } from 'node:timers/promises';
import { backoffMs, describeError, isAppError, withTimeout } from '@headrace/kernel';
import { EventBusStrategy } from '@headrace/messaging';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyInstance } from 'fastify';
import { variablePrefix } from './configuration/host-config.js';
import { isAddressInUse, PortInUseError } from './errors/port-in-use-error.js';
import { ProblemFilter } from './errors/problem-filter.js';
import { GrpcServer } from './grpc/grpc-server.js';
import { ServiceHealth } from './health.js';
import { createFastify } from './http/create-fastify.js';
import { buildOpenApi } from './http/build-open-api.js';
import { currentService, NestLogRouter } from './observability/current-service.js';
import { createMessagingMetrics } from './observability/create-messaging-metrics.js';
import { PinoServiceLogger } from './observability/pino-service-logger.js';
import { PrometheusServiceMetrics } from './observability/prometheus-service-metrics.js';
import { startTracing } from './observability/tracing.js';
import { BackgroundTasks } from './scheduling/background-tasks.js';
import { type ServiceLogger } from './service-logger.js';
import { type ServiceMetrics } from './service-metrics.js';
import { type RunningService, type ServiceOptions } from './service-options.js';

/**
 * Runs one service: HTTP and gRPC, health, metrics, then consuming. Resolves when it listens and consumes. When the
 * event log cannot be reached at that moment, the service is not ready and retries. A process can run several services.
 */
export async function runService(options: ServiceOptions): Promise<RunningService> {
  const { name, config } = options;
  const logger = options.logger ?? new PinoServiceLogger(name, config);
  await startTracing(`headrace-${name}`, config.otlpEndpoint);
  return await currentService.run({ name, logger }, () => start({ ...options, logger }));
}

async function start(options: ServiceOptions & { readonly logger: ServiceLogger }): Promise<RunningService> {
  const { name, config, logger } = options;
  const metrics = options.metrics ?? new PrometheusServiceMetrics(name);
  const health = new ServiceHealth(name, options.readiness ?? {});
  health.markNotReady('start', 'the service is starting');
  const openApi = buildOpenApi(name, options.module.controllers ?? []);
  const fastify = await createFastify({ name, config, http: options.http, health, logger, metrics, openApi });
  const app = await NestFactory.create<NestFastifyApplication>(
    options.module,
    new FastifyAdapter(fastify as never),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class
    {
      logger: new NestLogRouter(),
      bodyParser: false,
      abortOnError: false,
    },
  );
  app.useGlobalFilters(new ProblemFilter(logger));
  const grpc = new GrpcServer({
    name,
    host: config.host,
    port: config.grpcPort,
    grpc: options.grpc,
    messageLimitBytes: config.bodyLimitBytes,
    health,
    logger,
    metrics,
  });
  const grpcSide = app.connectMicroservice({ strategy: grpc }, { inheritAppConfig: true });
  const consuming =
    options.bus === undefined
      ? undefined
      : new EventBusStrategy({
          bus: options.bus,
          group: name,
          log: logger,
          metrics: createMessagingMetrics(metrics),
          onFatal: (error) => health.markNotReady('consuming', describeError(error)),
        });
  if (consuming !== undefined) app.connectMicroservice({ strategy: consuming });
  const backgroundTasks = options.backgroundTasks ?? new BackgroundTasks(logger);
  const service = new HostedService(
    options,
    app,
    fastify,
    grpc,
    consuming,
    backgroundTasks,
    health,
    logger,
    metrics,
  );
  try {
    await app.init();
    for (const useCase of options.startup ?? []) await app.get(useCase, { strict: false }).execute();
    await translatePortInUse(name, 'GRPC', config.grpcPort, () => grpcSide.listen());
    await translatePortInUse(name, 'HTTP', config.httpPort, () =>
      fastify.listen({ port: config.httpPort, host: config.host }),
    );
    await service.startConsuming();
    backgroundTasks.start(options.tasks ?? [], (useCase) => app.get(useCase, { strict: false }));
  } catch (error) {
    await service.close();
    throw error;
  }
  health.markReady('start');
  logger.info({ http: service.httpUrl, grpc: service.grpcAddress }, `${name} listens on ${service.httpUrl}`);
  return service;
}

async function translatePortInUse(
  name: string,
  side: 'HTTP' | 'GRPC',
  port: number,
  listen: () => Promise<unknown>,
): Promise<void> {
  try {
    await listen();
  } catch (error) {
    if (isAddressInUse(error)) {
      throw new PortInUseError(port, `${variablePrefix(name)}_${side}_PORT`, name, error);
    }
    throw error;
  }
}

class HostedService implements RunningService {
  readonly name: string;
  private closing: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly options: ServiceOptions,
    private readonly app: NestFastifyApplication,
    private readonly fastify: FastifyInstance,
    private readonly grpc: GrpcServer,
    private readonly consuming: EventBusStrategy | undefined,
    private readonly backgroundTasks: BackgroundTasks,
    private readonly health: ServiceHealth,
    private readonly logger: ServiceLogger,
    private readonly metrics: ServiceMetrics,
  ) {
    this.name = options.name;
  }

  get httpUrl(): string {
    const address = this.fastify.server.address();
    const port =
      typeof address === 'object' && address !== null ? address.port : this.options.config.httpPort;
    const { host } = this.options.config;
    return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
  }

  get grpcAddress(): string | undefined {
    return this.grpc.address;
  }

  /** While the log is unavailable, it is retried in the background: the service is live, but not ready. */
  async startConsuming(): Promise<void> {
    const { consuming } = this;
    if (consuming === undefined) return;
    try {
      await startListening(consuming);
    } catch (error) {
      if (!isAppError(error) || !error.retryable) throw error;
      this.health.markNotReady('consuming', describeError(error));
      void this.retryConsuming(consuming);
    }
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private isStopped(): boolean {
    return this.stopped;
  }

  private async retryConsuming(consuming: EventBusStrategy): Promise<void> {
    for (let attempt = 1; !this.isStopped(); attempt += 1) {
      await pause(backoffMs({ firstMs: 500, maxMs: 10_000 }, attempt), undefined, { ref: false });
      try {
        if (this.isStopped()) return;
        await startListening(consuming);
        this.health.markReady('consuming');
        return;
      } catch (error) {
        this.health.markNotReady('consuming', describeError(error));
        this.logger.warn({ error }, `Cannot consume yet: ${describeError(error)}`);
      }
    }
  }

  /** Order matters: intake stops first, then work in flight finishes, and the stores close last. */
  private async shutDown(): Promise<void> {
    this.stopped = true;
    this.health.markNotReady('shutdown', 'the service is shutting down');
    const deadline = performance.now() + this.options.config.drainTimeoutMs;
    const drained = await settlesBefore(deadline, () =>
      Promise.all([this.fastify.close(), this.grpc.drain(), this.consuming?.close()]),
    );
    if (!drained) {
      this.logger.warn(
        { drainTimeoutMs: this.options.config.drainTimeoutMs },
        'Work in flight did not finish in time and is aborted',
      );
      this.fastify.server.closeAllConnections();
      this.grpc.forceShutdown();
    }
    // Closing gets at least a second, even when draining used up all of the time.
    const last = Math.max(deadline, performance.now() + 1_000);
    await this.closePart('background tasks', last, () => this.backgroundTasks.close());
    await this.closePart('application', last, () => this.app.close());
    for (const [index, closeable] of (this.options.closing ?? []).entries()) {
      await this.closePart(`${index + 1} ${closeable.constructor.name}`, last, () => closeable.close());
    }
    if (this.metrics instanceof PrometheusServiceMetrics) this.metrics.release();
  }

  /** A part that fails to close does not keep the next one from closing. */
  private async closePart(what: string, deadline: number, close: () => Promise<unknown>): Promise<void> {
    try {
      if (!(await settlesBefore(deadline, close))) {
        this.logger.warn({ what }, `Closing ${what} took too long`);
      }
    } catch (error) {
      this.logger.error({ what, error }, `Closing ${what} failed: ${describeError(error)}`);
    }
  }
}

function startListening(strategy: EventBusStrategy): Promise<void> {
  return new Promise((resolve, reject) => {
    strategy.listen((error) => {
      if (error === undefined) resolve();
      else reject(error instanceof Error ? error : new Error(describeError(error)));
    });
  });
}

/** False when the time was up first. */
async function settlesBefore(deadline: number, work: () => Promise<unknown>): Promise<boolean> {
  const late = new Error('late');
  try {
    await withTimeout(Math.max(0, deadline - performance.now()), () => late, work);
    return true;
  } catch (error) {
    if (error === late) return false;
    throw error;
  }
}
