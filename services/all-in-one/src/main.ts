import 'reflect-metadata';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describeError } from '@headrace/kernel';
import { ConfigError, PinoServiceLogger } from '@headrace/service-host';
import { startAllInOne, type AllInOne } from './all-in-one.js';
import { followHistory } from './follow-history.js';
import { followTimeline } from './follow-timeline.js';

const badConfiguration = 78;
const help = `npm start

Runs the whole platform, nine services, in this process, on stores in a data directory: no broker, no database, no
network. It plays in the history of real servers, watches this host, trains the first model, promotes it and predicts.
Decisions appear here and, with their reasons, on the page whose address is printed. Ctrl-C ends it.

  HEADRACE_DATA_DIR      .headrace   where everything is kept; remove it to begin anew
  HEADRACE_PORT_BASE     8080        the console; the other services listen on the ports after it; 0: free ports
  HEADRACE_CONFIG_DIR    config      suites, feature views, labels, training plans, policies, rules
  HEADRACE_LOG_LEVEL     warn        silent, fatal, error, warn, info, debug, trace
  INGESTION_SOURCES      host,replay of host, replay, fleet; empty: only what is sent to POST /v1/readings
  INGESTION_REPLAY_SPEED 1           how much faster than recorded the series go on after their history
  HEADRACE_BUS           embedded    or kafka, with KAFKA_BROKERS
  ALERTING_WEBHOOK_URL               who is told of alerts, beside the log

All variables: README.md of each service. "npm run demo" is a tour of three minutes.
`;

const say = (text: string): void => {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)}  ${text}\n`);
};
const fail = (error: unknown): never => {
  process.stderr.write(`headrace: ${describeError(error)}\n`);
  process.exit(error instanceof ConfigError ? badConfiguration : 1);
};

try {
  const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } });
  if (values.help === true) {
    process.stdout.write(help);
    process.exit(0);
  }
} catch (error) {
  process.stderr.write(`headrace: ${describeError(error)}\n\n${help}`);
  process.exit(64);
}

const environment = {
  INGESTION_SOURCES: 'host,replay',
  HEADRACE_LOG_LEVEL: 'warn',
  HEADRACE_LOG_FORMAT: process.stdout.isTTY ? 'pretty' : 'json',
  ...process.env,
};
const startedAt = performance.now();
const ending = new AbortController();
const starting = startAllInOne(
  environment,
  new PinoServiceLogger('headrace', { logLevel: 'warn', logFormat: 'pretty' }),
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (ending.signal.aborted) process.exit(1);
    ending.abort();
    say('Ending: no new input, finishing what is in flight (again to end at once)');
    starting
      .then((platform) => platform.close())
      .then(() => process.exit(0))
      .catch(fail);
  });
}

try {
  const platform = await starting;
  if (!ending.signal.aborted) await greet(platform);
} catch (error) {
  if (!ending.signal.aborted) fail(error);
}

async function greet(platform: AllInOne): Promise<void> {
  await followTimeline(platform.backends.bus, 'terminal', ({ text }) => say(text));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  say(`Headrace runs (${seconds} s). Open ${platform.urlOf('console')}`);
  say('The first model follows within two minutes. Ctrl-C ends it.');
  await followHistory(`${platform.urlOf('ingestion')}/v1/sources`, say, ending.signal);
  // Until the first model is trained; after it little is allocated.
  await pause(60_000, undefined, { signal: ending.signal, ref: false });
  releaseMemory();
}

/** A heap that grew with the history stays as large when little is allocated after it; this gives the memory back. */
function releaseMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
}
