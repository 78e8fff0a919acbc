import { parseArgs } from 'node:util';
import { describeError } from '@headrace/kernel';

const help = `npm start

Runs the whole platform, nine services, in this process, on stores in a data directory: no broker, no database, no
network. It replays the history of real servers, measures this host, trains the first model, promotes it and predicts.
Decisions appear here and, with their reasons, on the page whose address is printed. Ctrl-C ends it.

  HEADRACE_DATA_DIR      .headrace   where all data is stored; remove it to start over
  HEADRACE_PORT_BASE     8080        the console; the other services listen on the ports after it; 0: free ports
  HEADRACE_CONFIG_DIR    config      suites, feature views, labels, training plans, policies, rules
  HEADRACE_LOG_LEVEL     warn        silent, fatal, error, warn, info, debug, trace
  INGESTION_SOURCES      host,replay of host, replay, fleet; empty: only what is sent to POST /v1/readings
  INGESTION_REPLAY_SPEED 1           replay speed of the series after their history; 1 is real time
  HEADRACE_BUS           embedded    or kafka, with KAFKA_BROKERS
  ALERTING_WEBHOOK_URL               receives alerts, besides the log

All variables: README.md of each service. "npm run demo" is a tour of three minutes.
`;

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
// Loaded late, because loading nine services takes a second or more.
const { runPlatform } = await import('./run-platform.js');
await runPlatform(process.env);
