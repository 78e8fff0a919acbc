import 'reflect-metadata';
import { AppError, type Closeable } from '@headrace/kernel';
import { eventually } from '@headrace/testing';
import { Body, Controller, Get, Module, Param, Post } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { outgoingHeaders } from './observability/tracing.js';
import { Breakers } from './outbound/breakers.js';
import { HttpPeer } from './outbound/http-peer.js';
import { PrometheusServiceMetrics } from './observability/prometheus-service-metrics.js';
import { PortInUseError } from './errors/port-in-use-error.js';
import { runService } from './run-service.js';
import { ServiceLogger } from './service-logger.js';
import { type HostConfig, type RunningService, type ServiceOptions } from './service-options.js';
import { zod } from './zod-pipe.js';

class BusyError extends AppError {
  readonly code = 'TEST_BUSY';
  readonly kind = 'overloaded';
  readonly retryAfterSeconds = 7;
}

class MissingError extends AppError {
  readonly code = 'TEST_MISSING';
  readonly kind = 'not-found';
}

const body = z.object({ rows: z.number().int().positive() });
let release: (() => void) | undefined;
const order: string[] = [];

@Controller('things')
class ThingsController {
  @Get('busy')
  busy(): never {
    throw new BusyError('the queue is full');
  }

  @Get('broken')
  broken(): never {
    throw new Error('password=hunter2 at /secret/path');
  }

  @Get('slow')
  async slow(): Promise<{ done: boolean }> {
    await new Promise<void>((resolve) => (release = resolve));
    order.push('answered');
    return { done: true };
  }

  @Get('trace')
  trace(): Record<string, string> {
    return outgoingHeaders();
  }

  @Get('item/:id')
  one(@Param('id') id: string): never {
    throw new MissingError(`Thing ${id} does not exist`);
  }

  @Post()
  make(@Body(zod(body)) { rows }: z.output<typeof body>): { rows: number } {
    return { rows };
  }

  @Post('trace')
  traceAfterBody(): Record<string, string> {
    return outgoingHeaders();
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

class SilentLogger extends ServiceLogger {
  readonly entries: { readonly fields: Readonly<Record<string, unknown>>; readonly message: string }[] = [];
  debug(): void {
    return;
  }
  info(): void {
    return;
  }
  warn(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.entries.push({ fields, message });
  }
  error(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.entries.push({ fields, message });
  }
}

const config: HostConfig = {
  host: '127.0.0.1',
  httpPort: 0,
  grpcPort: 0,
  logLevel: 'silent',
  logFormat: 'json',
  drainTimeoutMs: 5_000,
  bodyLimitBytes: 2_048,
  otlpEndpoint: undefined,
};

const running: RunningService[] = [];
async function run(options: Partial<ServiceOptions> = {}): Promise<RunningService> {
  const service = await runService({
    name: 'drift',
    module: { module: ThingsModule },
    config,
    logger: new SilentLogger(),
    ...options,
  });
  running.push(service);
  return service;
}

afterEach(async () => {
  release = undefined;
  order.length = 0;
  await Promise.all(running.splice(0).map((service) => service.close()));
});

describe('errors over HTTP', () => {
  it('are problem+json with the status of their kind, their code and the requested path', async () => {
    const { httpUrl } = await run();
    const response = await fetch(`${httpUrl}/things/item/42`);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({
      status: 404,
      code: 'TEST_MISSING',
      detail: 'Thing 42 does not exist',
      instance: '/things/item/42',
    });
  });

  it('say when to come back', async () => {
    const { httpUrl } = await run();
    const response = await fetch(`${httpUrl}/things/busy`);
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('7');
  });

  it('answer 503 when a route takes longer than it may, whatever becomes of its work afterwards', async () => {
    const logger = new SilentLogger();
    const { httpUrl } = await run({ logger, http: { answerWithinMs: { '/things/slow': 20 } } });
    const late = await fetch(`${httpUrl}/things/slow`);
    expect(late.status).toBe(503);
    expect(late.headers.get('retry-after')).toBe('1');
    expect(await late.json()).toMatchObject({ code: 'HOST_ANSWER_TOO_LATE', instance: '/things/slow' });
    // The time runs from the arrival of the request: it may be up before the work has begun.
    await eventually(() => expect(release).toBeDefined());
    release?.();
    await eventually(() => expect(order).toEqual(['answered']));
    expect((await fetch(`${httpUrl}/things/trace`)).status).toBe(200);
  });

  it('show nothing of the inside when they were not expected', async () => {
    const logger = new SilentLogger();
    const { httpUrl } = await run({ logger });
    const response = await fetch(`${httpUrl}/things/broken`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toMatch(/hunter2|secret/);
    expect(logger.entries.map(({ message }) => message)).toEqual([expect.stringContaining('hunter2')]);
  });

  it.each([
    ['not JSON', '{"rows":', 'application/json', 400],
    ['an empty body that claims to be JSON', '', 'application/json', 400],
    [
      'a body that is too large',
      JSON.stringify({ rows: 1, pad: 'x'.repeat(4_000) }),
      'application/json',
      413,
    ],
    ['an unknown content type', 'rows=1', 'application/x-unknown', 415],
    ['a wrong field', '{"rows":-1}', 'application/json', 400],
  ])('answer %s as a problem', async (_what, text, type, status) => {
    const { httpUrl } = await run();
    const response = await fetch(`${httpUrl}/things`, {
      method: 'POST',
      body: text,
      headers: { 'content-type': type },
    });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    const problem = (await response.json()) as { status: number; code: string };
    expect(problem.status).toBe(status);
    expect(problem.code).toMatch(/^[A-Z0-9_]+$/);
  });

  it('name the field that does not fit as a JSON pointer', async () => {
    const { httpUrl } = await run();
    const response = await fetch(`${httpUrl}/things`, {
      method: 'POST',
      body: '{"rows":"many"}',
      headers: { 'content-type': 'application/json' },
    });
    expect(await response.json()).toMatchObject({ code: 'REQUEST_INVALID', errors: [{ pointer: '/rows' }] });
  });

  it.each(['/nowhere', '/%E0%A4%A', '/things/%2e%2e%2f%2e%2e%2fetc'])(
    'answer %s as a problem',
    async (path) => {
      const { httpUrl } = await run();
      const response = await fetch(`${httpUrl}${path}`);
      expect([400, 404]).toContain(response.status);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
    },
  );
});

describe('health', () => {
  it('is ready when every check is, and says which one is not and why', async () => {
    let champion: 'ready' | { notReady: string } = { notReady: 'no champion is loaded' };
    const { httpUrl } = await run({ readiness: { champion: () => Promise.resolve(champion) } });
    const not = await fetch(`${httpUrl}/health/ready`);
    expect(not.status).toBe(503);
    expect(await not.json()).toMatchObject({
      status: 'not-ready',
      service: 'drift',
      checks: { champion: { status: 'not-ready', reason: 'no champion is loaded' } },
    });
    expect((await fetch(`${httpUrl}/health/live`)).status).toBe(200);
    champion = 'ready';
    expect((await fetch(`${httpUrl}/health`)).status).toBe(200);
  });

  it('counts a check that throws or never answers as not ready', async () => {
    const { httpUrl } = await run({
      readiness: {
        throws: () => Promise.reject(new Error('gone')),
        hangs: () => new Promise(() => undefined),
      },
    });
    const response = await fetch(`${httpUrl}/health/ready`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      checks: { throws: { reason: 'gone' }, hangs: { reason: 'no answer within 2000 ms' } },
    });
  });
});

describe('metrics', () => {
  it('count requests by route template, however many paths are requested', async () => {
    const { httpUrl } = await run();
    await Promise.all(['1', '2', '3'].map((id) => fetch(`${httpUrl}/things/item/${id}`)));
    await Promise.all(['a', 'b'].map((id) => fetch(`${httpUrl}/nowhere/${id}`)));
    // A request is counted when its answer has left, which its caller may see first.
    await eventually(async () => {
      const text = await (await fetch(`${httpUrl}/metrics`)).text();
      expect(text).toMatch(/duration_seconds_count\{.*route="\/things\/item\/:id",status="404"\} 3/);
      expect(text).toMatch(/duration_seconds_count\{.*route="unmatched",status="404"\} 2/);
      expect(text).not.toContain('nowhere');
    });
  });

  it('of the process appear once, however many services it runs', async () => {
    const [first, second] = [await run(), await run({ name: 'alerting' })];
    const texts = await Promise.all(
      [first, second].map(async ({ httpUrl }) => (await fetch(`${httpUrl}/metrics`)).text()),
    );
    expect(texts.filter((text) => text.includes('process_cpu_seconds_total{'))).toHaveLength(1);
  });
});

describe('traces', () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

  it.each([
    ['GET', undefined],
    ['POST', '{}'],
  ])('continue through a %s and on to the next service', async (method, text) => {
    const { httpUrl } = await run();
    const response = await fetch(`${httpUrl}/things/trace`, {
      method,
      headers: { traceparent, ...(text === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(text === undefined ? {} : { body: text }),
    });
    const headers = (await response.json()) as { traceparent: string };
    expect(headers.traceparent.split('-')[1]).toBe(traceId);
    expect(headers.traceparent.split('-')[2]).not.toBe('b7ad6b7169203331');
  });

  it('reach a peer that is called', async () => {
    const { httpUrl } = await run();
    const breakers = new Breakers(new PrometheusServiceMetrics('test'));
    const peer = new HttpPeer({ name: 'drift', baseUrl: httpUrl, breakers });
    const answer = await peer.get('/things/trace', z.object({ traceparent: z.string() }));
    expect(answer.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    await expect(peer.get('/things/item/9', z.unknown())).rejects.toMatchObject({
      code: 'PEER_REFUSED',
      kind: 'not-found',
      peerCode: 'TEST_MISSING',
    });
    await breakers.close();
  });
});

describe('shutdown', () => {
  it('ends readiness, finishes what is in flight, then closes in order', async () => {
    const closing = (name: string): Closeable => ({
      close: () => {
        order.push(name);
        return Promise.resolve();
      },
    });
    const service = await run({ closing: [closing('workers'), closing('database'), closing('bus')] });
    const slow = fetch(`${service.httpUrl}/things/slow`).then((response) => response.json());
    await eventually(() => expect(release).toBeDefined());
    const closed = service.close();
    release?.();
    expect(await slow).toEqual({ done: true });
    await closed;
    expect(order).toEqual(['answered', 'workers', 'database', 'bus']);
    await expect(fetch(`${service.httpUrl}/health`)).rejects.toThrow();
  });

  it('breaks off what does not end in time, and closes the rest all the same', async () => {
    const service = await run({
      config: { ...config, drainTimeoutMs: 50 },
      closing: [
        { close: () => Promise.reject(new Error('will not')) },
        {
          close: () => {
            order.push('store');
            return Promise.resolve();
          },
        },
      ],
    });
    const slow = fetch(`${service.httpUrl}/things/slow`).catch((error: unknown) => error);
    await eventually(() => expect(release).toBeDefined());
    await service.close();
    expect(await slow).toBeInstanceOf(Error);
    expect(order).toEqual(['store']);
  });

  it('happens once, however often it is requested', async () => {
    let closes = 0;
    const service = await run({
      closing: [
        {
          close: () => {
            closes += 1;
            return Promise.resolve();
          },
        },
      ],
    });
    await Promise.all([service.close(), service.close()]);
    await service.close();
    expect(closes).toBe(1);
  });
});

describe('a port that is taken', () => {
  it('is named with the variable that moves it', async () => {
    const first = await run();
    const httpPort = Number(new URL(first.httpUrl).port);
    const second = run({ name: 'feature-store', config: { ...config, httpPort } });
    await expect(second).rejects.toBeInstanceOf(PortInUseError);
    await expect(second).rejects.toThrow(
      `Port ${httpPort} of feature-store is in use; stop the process that listens there, or set FEATURE_STORE_HTTP_PORT to another port`,
    );
  });
});
