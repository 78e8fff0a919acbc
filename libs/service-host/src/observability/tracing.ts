import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { currentService } from './current-service.js';
import { contextManager, PassingTracerProvider, TraceparentPropagator } from './trace-context.js';

/** Set once for the process, because providers are global in OpenTelemetry. Resolves to a function that flushes spans. */
let processTracing: Promise<() => Promise<void>> | undefined;

/** Starts tracing once for the process. Without an endpoint, traces are propagated and spans are not recorded. */
export async function startTracing(serviceName: string, otlpEndpoint: string | undefined): Promise<void> {
  processTracing ??= registerTracing(serviceName, otlpEndpoint);
  await processTracing;
}

async function registerTracing(
  serviceName: string,
  endpoint: string | undefined,
): Promise<() => Promise<void>> {
  context.setGlobalContextManager(contextManager);
  propagation.setGlobalPropagator(new TraceparentPropagator());
  if (endpoint === undefined) {
    trace.setGlobalTracerProvider(new PassingTracerProvider());
    return () => Promise.resolve();
  }
  // Loaded only when spans are recorded.
  const [sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const provider = new sdk.NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.namespace': 'headrace' }),
    spanProcessors: [
      {
        onStart: (span) => {
          // Nine services may share the process, and with it the resource.
          const service = currentService.getStore()?.name;
          if (service !== undefined) span.setAttribute('headrace.service', service);
        },
        onEnd: () => undefined,
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
      new sdk.BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` })),
    ],
  });
  trace.setGlobalTracerProvider(provider);
  return () => provider.forceFlush();
}

/** Exports the spans that are still buffered. */
export async function flushTraces(): Promise<void> {
  const flush = await processTracing;
  await flush?.();
}

export function tracer(): Tracer {
  return trace.getTracer('headrace');
}

/** The trace context in the headers of a request. */
export function extractContext(headers: Readonly<Record<string, string | string[] | undefined>>): Context {
  return propagation.extract(context.active(), headers);
}

/** The headers that propagate the current trace. */
export function outgoingHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}

/** Runs `work` in a new span, which a rejection marks as failed. */
export async function inSpan<T>(
  name: string,
  attributes: Readonly<Record<string, string | number | boolean>>,
  work: (span: Span) => Promise<T>,
  kind: SpanKind = SpanKind.INTERNAL,
): Promise<T> {
  return await tracer().startActiveSpan(name, { kind, attributes: { ...attributes } }, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.setStatus({
        code: SpanStatusCode.ERROR,
        message: error instanceof Error ? error.message : String(error),
      });
      throw error;
    } finally {
      span.end();
    }
  });
}
