import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startAllInOne } from '@headrace/all-in-one';
import { demoEnvironment } from '@headrace/all-in-one/demo-environment';
import { AliasChanged, PredictionMade } from '@headrace/contracts';
import { fleetReadings } from '@headrace/ingestion';
import { decodeRecord } from '@headrace/messaging';
import { PinoServiceLogger } from '@headrace/service-host';
import { median, percentile, type BenchResult } from './bench-result.js';

const measured = 1_000;
const perSecond = 100;

/**
 * The latency from the acceptance of a reading over HTTP to its prediction on the bus, in one process on embedded adapters: one
 * reading at a time, at most 100 a second. Both the response and the prediction are observed from outside.
 */
export async function benchLoop(): Promise<readonly BenchResult[]> {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-bench-loop-'));
  const logger = new PinoServiceLogger('bench', { logLevel: 'error', logFormat: 'json' });
  const startedAt = performance.now();
  const platform = await startAllInOne(
    { ...demoEnvironment(directory), HEADRACE_LOG_LEVEL: 'error' },
    logger,
  );
  const readyMs = performance.now() - startedAt;
  try {
    const now = Date.now();
    const readings = fleetReadings(1, {
      systems: 100,
      from: new Date(now - 72 * 3_600_000),
      stepMs: 300_000,
      incidentsPerDay: 3,
      rampMinutes: 40,
    });
    const post = async (count: number): Promise<number> => {
      const lines: string[] = [];
      while (lines.length < count) {
        const next = readings.next();
        if (next.done === true) throw new Error('The fleet has no more readings');
        lines.push(JSON.stringify(next.value.reading));
      }
      for (;;) {
        const answer = await fetch(`${platform.getUrl('ingestion')}/v1/readings`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-ndjson' },
          body: lines.join('\n'),
        });
        await answer.arrayBuffer();
        if (answer.ok) return performance.now();
        await pause(1_000);
      }
    };

    let championed: () => void = () => undefined;
    const champion = new Promise<void>((resolve) => {
      championed = resolve;
    });
    let predictions = 0;
    let newestAt = 0;
    const definitions = [AliasChanged, PredictionMade];
    const consumer = await platform.backends.bus.consume(
      { group: 'bench', topics: definitions.map(({ topic }) => topic), from: 'latest', concurrency: 8 },
      (batch) => {
        if (batch.topic === AliasChanged.topic) championed();
        newestAt = performance.now();
        for (const record of batch.topic === PredictionMade.topic ? batch.records : []) {
          predictions += decodeRecord(PredictionMade, record).length;
        }
        return Promise.resolve();
      },
    );
    for (let batch = 0; batch < 40; batch += 1) await post(1_000);
    await champion;
    for (let before = -1; before !== predictions;) {
      before = predictions;
      await pause(1_000);
    }

    const latencies: number[] = [];
    for (let index = 0; index < measured; index += 1) {
      const before = predictions;
      const accepted = await post(1);
      while (predictions === before) await pause(0);
      latencies.push(Math.max(0, newestAt - accepted));
      await pause(Math.max(0, 1_000 / perSecond - latencies.at(-1)!));
    }
    await consumer.close();
    return [
      { name: 'loop: start to ready', value: readyMs, unit: 'ms', better: 'lower' },
      {
        name: 'loop: resident memory',
        value: process.memoryUsage.rss() / 1_048_576,
        unit: 'MB',
        better: 'lower',
      },
      { name: 'loop: accepted to predicted, p50', value: median(latencies), unit: 'ms', better: 'lower' },
      {
        name: 'loop: accepted to predicted, p99',
        value: percentile(latencies, 0.99),
        unit: 'ms',
        better: 'lower',
      },
    ];
  } finally {
    await platform.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
