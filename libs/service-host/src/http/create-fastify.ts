import { context, SpanKind, SpanStatusCode, trace, type Context } from '@opentelemetry/api';
import { fastify, type FastifyInstance } from 'fastify';
import { sendProblem } from '../errors/problem-filter.js';
import { type ServiceHealth } from '../health.js';
import { currentService } from '../observability/current-service.js';
import { extractContext, tracer } from '../observability/tracing.js';
import { type ServiceLogger } from '../service-logger.js';
import { type ServiceMetrics } from '../service-metrics.js';
import { type HostConfig, type HttpOptions } from '../service-options.js';

export interface FastifyParts {
  readonly name: string;
  readonly config: HostConfig;
  readonly http: HttpOptions | undefined;
  readonly health: ServiceHealth;
  readonly logger: ServiceLogger;
  readonly metrics: ServiceMetrics;
  /** The OpenAPI document of the service. */
  readonly openApi: unknown;
}

/** Probes and scrapes arrive every few seconds and would flood the traces. */
const untracedPaths = /^\/(health|metrics)(\/|$)/;
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Creates the HTTP server with what every service has: health, metrics, problem details. */
export async function createFastify(parts: FastifyParts): Promise<FastifyInstance> {
  const { config, http, logger } = parts;
  const instance = fastify({
    bodyLimit: config.bodyLimitBytes,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 1024, ignoreTrailingSlash: true },
    // A malformed URL fails before routing.
    frameworkErrors: (error, request, reply) => {
      sendProblem(error, request, reply, logger);
    },
  });
  if (http?.anyContentType === true) {
    instance.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
      done(null, body);
    });
  }
  const { answerWithinMs } = http ?? {};
  if (answerWithinMs !== undefined) {
    instance.addHook('onRoute', (route) => {
      const limitMs = answerWithinMs[route.url];
      if (limitMs !== undefined) route.handlerTimeout = limitMs;
    });
  }
  instrumentRequests(instance, parts);
  addHealthRoutes(instance, parts.health);
  instance.get('/metrics', async (_request, reply) => {
    await reply
      .header('content-type', parts.metrics.registry.contentType)
      .send(await parts.metrics.registry.metrics());
  });
  instance.get('/openapi.json', async (_request, reply) => {
    await reply.send(parts.openApi);
  });
  await http?.configure?.(instance);
  return instance;
}

function addHealthRoutes(instance: FastifyInstance, health: ServiceHealth): void {
  instance.get('/health/live', async (_request, reply) => {
    await reply.send({ status: 'live' });
  });
  for (const path of ['/health', '/health/ready']) {
    instance.get(path, async (_request, reply) => {
      const report = await health.report();
      if (report.status === 'not-ready') void reply.status(503).header('retry-after', '1');
      await reply.send(report);
    });
  }
}

/** Adds a span, a duration and the current service to each request. */
function instrumentRequests(instance: FastifyInstance, { name, logger, metrics }: FastifyParts): void {
  const durations = metrics.histogram(
    'http_request_duration_seconds',
    'Time to answer an HTTP request, by route template',
    ['method', 'route', 'status'],
    secondsBuckets,
  );
  const contexts = new WeakMap<object, Context>();
  instance.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-content-type-options', 'nosniff');
    currentService.run({ name, logger }, () => {
      if (untracedPaths.test(request.url)) {
        done();
        return;
      }
      const parent = extractContext(request.headers);
      const route = request.routeOptions.url ?? 'unmatched';
      const span = tracer().startSpan(
        `${request.method} ${route}`,
        {
          kind: SpanKind.SERVER,
          attributes: { 'http.request.method': request.method, 'http.route': route },
        },
        parent,
      );
      const running = trace.setSpan(parent, span);
      contexts.set(request, running);
      context.with(running, done);
    });
  });
  // Reading the body continues in the context of the socket; restore that of the request before the handler runs.
  instance.addHook('preHandler', (request, _reply, done) => {
    currentService.run({ name, logger }, () => {
      const running = contexts.get(request);
      if (running === undefined) done();
      else context.with(running, done);
    });
  });
  instance.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? 'unmatched' : (request.routeOptions.url ?? 'unmatched');
    const { method } = request;
    durations.observe({ method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000);
    const running = contexts.get(request);
    const span = running === undefined ? undefined : trace.getSpan(running);
    span?.setAttribute('http.response.status_code', reply.statusCode);
    if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
    done();
  });
}
