import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ReadingAccepted } from '@headrace/contracts';
import { createEventBus, replay } from '@headrace/messaging';
import { describeWithServers, eventually, freePort, temporaryDirectory } from '@headrace/testing';
import { expect, it, onTestFinished } from 'vitest';

const root = join(import.meta.dirname, '../..');
const main = join(root, 'services/ingestion/dist/main.js');
const maxInFlight = 40;
const patient = { timeoutMs: 120_000, everyMs: 100 };

const broker = async (verb: 'kill' | 'start'): Promise<void> => {
  await promisify(execFile)('bash', [join(root, 'test/infra/infra.sh'), verb, 'kafka']);
};

/** Kills the broker until the test finishes. */
async function killBroker(): Promise<void> {
  onTestFinished(() => broker('start'), 180_000);
  await broker('kill');
}

interface Readiness {
  readonly status: number;
  readonly body: string;
}

interface Posted {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly readingIds: readonly string[];
}

/** The ingestion service in a process of its own. */
class Ingestion {
  log = '';

  private constructor(
    private readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(brokers: string): Promise<Ingestion> {
    const port = await freePort();
    const child = spawn(process.execPath, [main], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HEADRACE_BUS: 'kafka',
        KAFKA_BROKERS: brokers,
        HEADRACE_DATA_DIR: temporaryDirectory(),
        INGESTION_HTTP_PORT: String(port),
        INGESTION_GRPC_PORT: '0',
        INGESTION_MAX_IN_FLIGHT: String(maxInFlight),
        INGESTION_SOURCES: '',
      },
    });
    const ingestion = new Ingestion(`http://127.0.0.1:${port}`, child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (ingestion.log += chunk.toString()));
    }
    onTestFinished(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    });
    return ingestion;
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async live(): Promise<number> {
    const answer = await fetch(`${this.url}/health/live`);
    await answer.arrayBuffer();
    return answer.status;
  }

  async readiness(): Promise<Readiness> {
    const answer = await fetch(`${this.url}/health/ready`);
    return { status: answer.status, body: await answer.text() };
  }

  async post(readings: readonly object[]): Promise<Posted> {
    const answer = await fetch(`${this.url}/v1/readings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(readings),
    });
    const body = (await answer.json()) as { accepted?: { readingId: string }[] };
    return {
      status: answer.status,
      retryAfter: answer.headers.get('retry-after'),
      readingIds: answer.status === 202 ? (body.accepted ?? []).map(({ readingId }) => readingId) : [],
    };
  }
}

/** A fleet that sends readings without a pause and resends those that were refused. */
class Fleet {
  readonly acknowledged = new Set<string>();
  readonly refusals: Posted[] = [];
  readonly unexpected: Posted[] = [];
  private readonly from = Date.now() - 86_400_000;
  private sent = 0;
  private stopped = false;
  private readonly reporting: Promise<unknown>;

  constructor(
    private readonly ingestion: Ingestion,
    servers: number,
  ) {
    this.reporting = Promise.all(
      Array.from({ length: servers }, (_, index) => this.report(`broker-${index}`)),
    );
    this.reporting.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.reporting;
  }

  private isStopped(): boolean {
    return this.stopped;
  }

  private async report(systemId: string): Promise<void> {
    while (!this.isStopped()) {
      const readings = Array.from({ length: 5 }, () => ({
        system_id: systemId,
        timestamp: new Date(this.from + this.sent++ * 10).toISOString(),
        cpu_usage: 40,
        memory_usage: 50,
      }));
      for (;;) {
        const posted = await this.ingestion.post(readings);
        for (const id of posted.readingIds) this.acknowledged.add(id);
        if (posted.status === 202) break;
        (posted.status === 503 || posted.status === 429 ? this.refusals : this.unexpected).push(posted);
        if (this.isStopped()) break;
        await pause(50);
      }
    }
  }
}

describeWithServers(['kafka'], 'an unavailable broker', (variable) => {
  const brokers = () => variable('HEADRACE_TEST_KAFKA_BROKERS');

  it(
    'is waited for at the start: live, not ready and why, and ready without a restart once it is up',
    { timeout: 900_000 },
    async () => {
      await killBroker();
      const ingestion = await Ingestion.start(brokers());
      expect(await eventually(() => ingestion.live(), patient)).toBe(200);
      await eventually(async () => {
        const { status, body } = await ingestion.readiness();
        expect(status).toBe(503);
        expect(body).toContain(brokers());
      }, patient);
      await eventually(() => expect(ingestion.log).toMatch(/"level":"warn".*ECONNREFUSED/), patient);
      expect(ingestion.alive).toBe(true);

      await broker('start');
      await eventually(async () => expect((await ingestion.readiness()).status).toBe(200), patient);
      expect(await ingestion.live()).toBe(200);
      const reading = { system_id: 'broker', timestamp: new Date().toISOString(), cpu_usage: 1 };
      // Ready means that the broker answers; it may still be electing the leader of a partition.
      await eventually(async () => expect((await ingestion.post([reading])).status).toBe(202), patient);
    },
  );

  it(
    'loses no acknowledged reading, bounds the requests in flight, and is used again without a restart',
    { timeout: 900_000 },
    async () => {
      const startedAt = new Date();
      const ingestion = await Ingestion.start(brokers());
      await eventually(async () => expect((await ingestion.readiness()).status).toBe(200), patient);
      // Twelve servers with five readings each exceed the limit in flight.
      const fleet = new Fleet(ingestion, 12);
      onTestFinished(() => fleet.stop());
      await eventually(() => expect(fleet.acknowledged.size).toBeGreaterThan(300), patient);

      await killBroker();
      await eventually(async () => {
        const { status, body } = await ingestion.readiness();
        expect(status).toBe(503);
        expect(JSON.parse(body)).toMatchObject({ checks: { bus: { status: 'not-ready' } } });
      }, patient);
      expect(await ingestion.live()).toBe(200);
      const refusedBefore = fleet.refusals.length;
      await eventually(() => expect(fleet.refusals.length).toBeGreaterThan(refusedBefore + 20), patient);
      const duringOutage = fleet.acknowledged.size;

      await broker('start');
      await eventually(() => expect(fleet.acknowledged.size).toBeGreaterThan(duringOutage + 300), patient);
      await eventually(async () => expect((await ingestion.readiness()).status).toBe(200), patient);
      await fleet.stop();
      expect(ingestion.alive).toBe(true);
      expect(fleet.unexpected).toEqual([]);
      expect(fleet.refusals.filter(({ retryAfter }) => !(Number(retryAfter) >= 1))).toEqual([]);

      const bus = await createEventBus({
        driver: 'kafka',
        kafka: { brokers: [brokers()], clientId: 'headrace-test' },
      });
      onTestFinished(() => bus.close());
      const missing = new Set(fleet.acknowledged);
      for await (const { id } of replay(bus, ReadingAccepted, { time: startedAt })) missing.delete(id);
      expect([...missing]).toEqual([]);
    },
  );
});
