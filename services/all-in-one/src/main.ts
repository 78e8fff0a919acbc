import 'reflect-metadata';
import { describeError } from '@headrace/kernel';
import { ConfigError, PinoServiceLogger } from '@headrace/service-host';
import { startAllInOne, type AllInOne } from './all-in-one.js';
import { followTimeline } from './follow-timeline.js';

const badConfiguration = 78;
const environment = {
  INGESTION_SOURCES: 'host,replay',
  HEADRACE_LOG_LEVEL: 'warn',
  HEADRACE_LOG_FORMAT: process.stdout.isTTY ? 'pretty' : 'json',
  ...process.env,
};
const say = (text: string): void => {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)}  ${text}\n`);
};

let platform: AllInOne | undefined;
let ending = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (ending) process.exit(1);
    ending = true;
    say('Ending: no new input, finishing what is in flight (again to end at once)');
    void (platform?.close() ?? Promise.resolve()).then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${describeError(error)}\n`);
        process.exit(1);
      },
    );
  });
}

try {
  const startedAt = performance.now();
  const logger = new PinoServiceLogger('headrace', { logLevel: 'warn', logFormat: 'pretty' });
  platform = await startAllInOne(environment, logger);
  await followTimeline(platform.backends.bus, 'terminal', ({ text }) => say(text));
  say(
    `Headrace runs (${((performance.now() - startedAt) / 1000).toFixed(1)} s). Open ${platform.urlOf('console')}`,
  );
  say(
    'It plays in the history of real servers and watches this host; the first model follows within two minutes. Ctrl-C ends it.',
  );
} catch (error) {
  process.stderr.write(`headrace: ${describeError(error)}\n`);
  process.exit(error instanceof ConfigError ? badConfiguration : 1);
}
