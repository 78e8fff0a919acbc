import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeError, SystemClock } from '@headrace/kernel';
import { PinoServiceLogger } from '@headrace/service-host';
import { startAllInOne } from './all-in-one.js';
import { demoEnvironment } from './demo/demo-environment.js';
import { runTour } from './demo/tour.js';

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    seed: { type: 'string', default: '42' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help === true) {
  process.stdout.write(
    'npm run demo [-- --json FILE] [--seed N]\n\nRuns the platform in one process on a temporary data directory and walks through its loop: first model,\na bad version rolled back, a shift detected and retrained. Under three minutes, no network, no broker.\n',
  );
  process.exit(0);
}

const startedAt = performance.now();
const say = (text: string): void => {
  process.stdout.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
};
const directory = mkdtempSync(join(tmpdir(), 'headrace-demo-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

try {
  const logger = new PinoServiceLogger('headrace', { logLevel: 'error', logFormat: 'pretty' });
  const platform = await startAllInOne(
    { ...demoEnvironment(directory), HEADRACE_LOG_LEVEL: 'error' },
    logger,
  );
  say(`Nine services run in this process. Look at ${platform.getUrl('console')} while it lasts`);
  const report = await runTour(platform, {
    seed: Number(values.seed),
    clock: new SystemClock(),
    stepTimeoutMs: 90_000,
    log: say,
    onDecision: ({ text }) => say(`   ${text}`),
  });
  await platform.close();
  for (const { name, seconds } of report.steps) say(`${name.padEnd(12)} ${seconds.toFixed(1)} s`);
  say(`Done: ${report.readings} readings, ${report.timeline.length} decisions`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, undefined, 2)}\n`);
  process.exit(0);
} catch (error) {
  process.stderr.write(`demo: ${describeError(error)}\n`);
  process.exit(1);
}
