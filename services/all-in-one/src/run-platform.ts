import 'reflect-metadata';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describeError } from '@headrace/kernel';
import { ConfigError, PinoServiceLogger, type Environment } from '@headrace/service-host';
import { startAllInOne, type AllInOne } from './all-in-one.js';
import { followHistory } from './follow-history.js';
import { followTimeline } from './follow-timeline.js';

const exitConfigInvalid = 78;
const say = (text: string): void => {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)}  ${text}\n`);
};
const fail = (error: unknown): never => {
  process.stderr.write(`headrace: ${describeError(error)}\n`);
  process.exit(error instanceof ConfigError ? exitConfigInvalid : 1);
};

/** Runs the platform until a signal stops it, then exits the process. */
export async function runPlatform(given: Environment): Promise<void> {
  const startedAt = performance.now();
  const environment = {
    INGESTION_SOURCES: 'host,replay',
    HEADRACE_LOG_LEVEL: 'warn',
    HEADRACE_LOG_FORMAT: process.stdout.isTTY ? 'pretty' : 'json',
    ...given,
  };
  const ending = new AbortController();
  const logger = new PinoServiceLogger('headrace', { logLevel: 'warn', logFormat: 'pretty' });
  const starting = startAllInOne(environment, logger, ending.signal);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (ending.signal.aborted) process.exit(1);
      ending.abort();
      say('Stopping: finishing work in flight (press Ctrl-C again to exit immediately)');
      starting.then(
        (platform) => platform.close().then(() => process.exit(0), fail),
        // The start was aborted by the signal.
        () => process.exit(0),
      );
    });
  }

  try {
    const platform = await starting;
    if (!ending.signal.aborted) await announce(platform, startedAt, ending.signal);
  } catch (error) {
    if (!ending.signal.aborted) fail(error);
  }
}

async function announce(platform: AllInOne, startedAt: number, signal: AbortSignal): Promise<void> {
  await followTimeline(platform.backends.bus, 'terminal', ({ text }) => say(text));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  say(`Headrace runs (${seconds} s). Open ${platform.getUrl('console')}`);
  say('The first model, if there is none yet, is trained within two minutes. Press Ctrl-C to stop.');
  await followHistory(`${platform.getUrl('ingestion')}/v1/sources`, say, signal);
  // Until the first model is trained; after it little is allocated.
  await pause(60_000, undefined, { signal, ref: false });
  releaseMemory();
}

/** Collects garbage explicitly: after the history is ingested, too little is allocated to shrink the heap. */
function releaseMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
}
