import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FeaturesComputed, OutcomeObserved, ReadingAccepted } from '@headrace/contracts';
import { SeededRandom } from '@headrace/kernel';
import { openEmbeddedEventBus, replay } from '@headrace/messaging';
import { eventually, temporaryDirectory } from '@headrace/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { computeWindowFeatures, type PostedReading } from './compute-window-features.js';

const main = join(import.meta.dirname, '../../services/all-in-one/dist/main.js');
const kills = 10;
const systems = 8;
const stepMs = 40_000;

interface Endpoints {
  readonly ingestion: string;
  readonly 'feature-store': string;
}

/** The one-process mode in a process of its own that the test kills. */
class Platform {
  private constructor(
    private readonly child: ChildProcess,
    readonly urls: Endpoints,
  ) {}

  static async start(directory: string): Promise<Platform> {
    const endpoints = join(directory, 'endpoints.json');
    rmSync(endpoints, { force: true });
    const env = {
      PATH: process.env['PATH'],
      HEADRACE_DATA_DIR: directory,
      HEADRACE_PORT_BASE: '0',
      INGESTION_SOURCES: '',
    };
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    }
    onTestFinished(() => void child.kill('SIGKILL'));
    const urls = await eventually(
      () => {
        if (child.exitCode !== null) throw new Error(`The platform ended with ${child.exitCode}: ${output}`);
        return JSON.parse(readFileSync(endpoints, 'utf8')) as Endpoints;
      },
      { timeoutMs: 120_000 },
    );
    return new Platform(child, urls);
  }

  async post(readings: readonly PostedReading[]): Promise<number> {
    const answer = await fetch(`${this.urls.ingestion}/v1/readings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(readings),
    });
    await answer.arrayBuffer();
    return answer.status;
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    await exit;
    return this.child.exitCode;
  }
}

describe('kill -9 of the one-process mode', () => {
  it(
    `loses nothing accepted and counts nothing twice, ${kills} times at random moments`,
    { timeout: 1_800_000 },
    async () => {
      const directory = temporaryDirectory();
      const random = new SeededRandom(9);
      const start = Date.now() - 3 * 86_400_000;
      let step = 0;
      const nextBatch = (): PostedReading[] => {
        const batch: PostedReading[] = [];
        for (let each = 0; each < 5; each += 1, step += 1) {
          for (let system = 0; system < systems; system += 1) {
            batch.push({
              system_id: `system-${system}`,
              timestamp: new Date(start + step * stepMs + system).toISOString(),
              cpu_usage: Math.round(random.next() * 9_400) / 100,
              memory_usage: Math.round(random.next() * 10_000) / 100,
              disk_io: random.integer(1_000_000),
            });
          }
        }
        return batch;
      };

      const acknowledged: PostedReading[] = [];
      const send = async (platform: Platform, readings: readonly PostedReading[]): Promise<void> => {
        expect(await platform.post(readings)).toBe(202);
        acknowledged.push(...readings);
      };
      let interrupted: readonly PostedReading[] = [];
      for (let kill = 0; kill < kills; kill += 1) {
        const platform = await Platform.start(directory);
        if (interrupted.length > 0) await send(platform, interrupted);
        const batches = random.integer(12);
        for (let batch = 0; batch < batches; batch += 1) await send(platform, nextBatch());
        // One request is in flight when the process dies. Whether it was accepted is unknown, so it is sent again.
        interrupted = nextBatch();
        const inFlight = platform.post(interrupted).catch(() => 0);
        await platform.end('SIGKILL');
        await inFlight;
      }

      const last = await Platform.start(directory);
      await send(last, interrupted);
      // Partitions progress independently of each other, and what is unhandled at a stop is handled after the next start.
      for (let system = 0; system < systems; system += 1) {
        const newest = new Date(start + (step - 1) * stepMs + system).toISOString();
        await eventually(
          async () => {
            const answer = await fetch(`${last.urls['feature-store']}/v1/features/system-${system}`);
            expect(JSON.stringify(await answer.json())).toContain(newest);
          },
          { timeoutMs: 120_000 },
        );
      }
      expect(await last.end('SIGTERM')).toBe(0);

      const bus = await openEmbeddedEventBus(join(directory, 'bus'));
      try {
        const accepted = new Map<string, { readonly systemId: string; readonly eventTime: string }>();
        for await (const { payload } of replay(bus, ReadingAccepted)) {
          accepted.set(payload.readingId, payload);
        }
        const key = (systemId: string, time: string): string => `${systemId} ${Date.parse(time)}`;
        const readings = new Map(
          acknowledged.map((reading) => [key(reading.system_id, reading.timestamp), reading]),
        );
        expect(accepted.size).toBe(acknowledged.length);
        for (const { systemId, eventTime } of accepted.values()) {
          expect(readings.has(key(systemId, eventTime))).toBe(true);
        }

        const computed = new Map<string, Readonly<Record<string, number | null>>>();
        for await (const { payload } of replay(bus, FeaturesComputed)) {
          computed.set(payload.readingId, payload.features);
        }
        expect([...accepted].filter(([readingId]) => !computed.has(readingId))).toEqual([]);
        expect(computed.size).toBe(accepted.size);
        for (const [readingId, { systemId, eventTime }] of accepted) {
          const expected = computeWindowFeatures(acknowledged, readings.get(key(systemId, eventTime))!);
          for (const [name, value] of Object.entries(expected)) {
            const actual = computed.get(readingId)?.[name];
            if (value === null) expect([name, actual]).toEqual([name, null]);
            else expect(actual).toBeCloseTo(value, 6);
          }
        }

        const outcomes = new Map<string, number>();
        for await (const { payload } of replay(bus, OutcomeObserved)) {
          const known = outcomes.get(key(payload.systemId, payload.eventTime));
          expect(known ?? payload.value).toBe(payload.value);
          outcomes.set(key(payload.systemId, payload.eventTime), payload.value);
        }
        // Of each system, all instants but those of the last 15 minutes have matured; nothing reached 90 %.
        const horizon = 15 * 60_000;
        const matured = acknowledged.filter(({ system_id: system, timestamp }) => {
          const end = Math.max(
            ...acknowledged
              .filter((other) => other.system_id === system)
              .map((other) => Date.parse(other.timestamp)),
          );
          return Date.parse(timestamp) + horizon <= end;
        });
        for (const { system_id: system, timestamp } of matured) {
          expect(outcomes.has(key(system, timestamp))).toBe(true);
        }
      } finally {
        await bus.close();
      }
    },
  );
});
