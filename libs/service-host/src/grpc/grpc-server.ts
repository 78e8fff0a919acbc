import { Server, ServerCredentials, status as grpcStatus, type Metadata } from '@grpc/grpc-js';
import { ServerGrpc, type GrpcOptions } from '@nestjs/microservices';
import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type ServiceHealth } from '../health.js';
import { currentService } from '../observability/current-service.js';
import { tracer } from '../observability/tracing.js';
import { type ServiceLogger } from '../service-logger.js';
import { type ServiceMetrics } from '../service-metrics.js';
import { type ServiceOptions } from '../service-options.js';
import { loadHealthDefinition, createHealthMethods } from './health-service.js';

export interface GrpcServerOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly grpc: ServiceOptions['grpc'];
  readonly messageLimitBytes: number;
  readonly health: ServiceHealth;
  readonly logger: ServiceLogger;
  readonly metrics: ServiceMetrics;
}

interface Call {
  readonly metadata: Metadata;
}
type Answer = (error: { code?: number } | null, value?: unknown) => void;
type Method = (call: Call, answer?: Answer) => unknown;

/** Nest's gRPC transport on a server of our own, with a health service, spans, durations and the port it was given. */
export class GrpcServer extends ServerGrpc {
  private server: Server | undefined;
  private boundPort: number | undefined;

  constructor(private readonly parts: GrpcServerOptions) {
    const options: GrpcOptions['options'] = {
      package: [...(parts.grpc?.packages ?? [])],
      protoPath: [...(parts.grpc?.protoPaths ?? [])],
      url: `${parts.host}:${parts.port}`,
      loader: { longs: Number, enums: String, defaults: true, arrays: true, objects: true },
    };
    super(options);
  }

  /** `127.0.0.1:9085`; undefined until it listens. */
  get address(): string | undefined {
    if (this.boundPort === undefined) return undefined;
    return `${this.parts.host === '0.0.0.0' ? '127.0.0.1' : this.parts.host}:${this.boundPort}`;
  }

  override async createClient(): Promise<Server> {
    const server = new Server({
      'grpc.max_receive_message_length': this.parts.messageLimitBytes,
      'grpc.max_send_message_length': this.parts.messageLimitBytes,
    });
    server.addService(loadHealthDefinition(), createHealthMethods(this.parts.health));
    this.boundPort = await new Promise<number>((resolve, reject) => {
      server.bindAsync(
        `${this.parts.host}:${this.parts.port}`,
        ServerCredentials.createInsecure(),
        (error, port) => {
          if (error === null) resolve(port);
          else reject(withCode(error));
        },
      );
    });
    this.server = server;
    return server;
  }

  override async bindEvents(): Promise<void> {
    if (this.parts.grpc !== undefined) await super.bindEvents();
  }

  /** Finishes the calls in flight and accepts no new ones. */
  async drain(): Promise<void> {
    const server = this.server;
    if (server === undefined) return;
    this.server = undefined;
    await new Promise<void>((resolve) => {
      server.tryShutdown(() => {
        resolve();
      });
    });
  }

  /** Aborts the calls in flight. */
  forceShutdown(): void {
    this.server?.forceShutdown();
  }

  override createServiceMethod(
    ...[handler, native, streaming]: Parameters<ServerGrpc['createServiceMethod']>
  ): ReturnType<ServerGrpc['createServiceMethod']> {
    const { name, logger, metrics } = this.parts;
    const method = super.createServiceMethod(handler, native, streaming) as unknown as Method;
    const path = (native as { path?: string }).path ?? 'unknown';
    const durations = metrics.histogram(
      'grpc_request_duration_seconds',
      'Time to answer a gRPC call, by method',
      ['method', 'code'],
    );
    const observed = (call: Call, answer?: Answer): unknown =>
      currentService.run({ name, logger }, () => {
        const headers = Object.fromEntries(
          Object.entries(call.metadata.getMap()).map(([key, value]) => [key, String(value)]),
        );
        const parent = propagation.extract(ROOT_CONTEXT, headers);
        const span = tracer().startSpan(path.slice(1), { kind: SpanKind.SERVER }, parent);
        const started = performance.now();
        const end = (code: number): void => {
          durations.observe(
            { method: path, code: grpcStatus[code] ?? String(code) },
            (performance.now() - started) / 1000,
          );
          if (code !== 0) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        };
        return context.with(trace.setSpan(parent, span), async () => {
          if (answer === undefined) {
            try {
              await method(call);
              end(0);
            } catch (error) {
              end(grpcStatus.UNKNOWN);
              throw error;
            }
            return;
          }
          await method(call, (error, value) => {
            end(error === null ? 0 : (error.code ?? grpcStatus.UNKNOWN));
            answer(error, value);
          });
        });
      });
    return observed;
  }
}

/** grpc-js reports a failed bind as text only. */
function withCode(error: Error): Error {
  return error.message.includes('EADDRINUSE') ? Object.assign(error, { code: 'EADDRINUSE' }) : error;
}
