import { createRequire } from 'node:module';
import type * as PromClient from 'prom-client';

const require = createRequire(import.meta.url);
const loadPart = (name: string): unknown => require(`prom-client/lib/${name}.js`);

// Loads only the parts that are used. The entry of the package also loads its own copy of the tracing API, which fails
// under a test runner that prefers the ES build of packages.
export const Registry = loadPart('registry') as typeof PromClient.Registry;
export const Counter = loadPart('counter') as typeof PromClient.Counter;
export const Gauge = loadPart('gauge') as typeof PromClient.Gauge;
export const Histogram = loadPart('histogram') as typeof PromClient.Histogram;

type Collect = (registry: PromClient.Registry, config: { eventLoopMonitoringPrecision: number }) => void;
const processParts = [
  'processStartTime',
  'osMemoryHeap',
  'processOpenFileDescriptors',
  'processMaxFileDescriptors',
  'eventLoopLag',
  'heapSizeAndUsed',
  'version',
  'gc',
] as const;

/** The usual metrics of a Node process, under their usual names. */
export function collectProcessMetrics(registry: PromClient.Registry): void {
  for (const name of processParts) {
    (loadPart(`metrics/${name}`) as Collect)(registry, { eventLoopMonitoringPrecision: 10 });
  }
  let last = process.cpuUsage();
  const user = new Counter({
    name: 'process_cpu_user_seconds_total',
    help: 'User CPU time spent',
    registers: [registry],
    collect: () => {
      const now = process.cpuUsage();
      user.inc((now.user - last.user) / 1e6);
      system.inc((now.system - last.system) / 1e6);
      both.inc((now.user + now.system - last.user - last.system) / 1e6);
      last = now;
    },
  });
  const system = new Counter({
    name: 'process_cpu_system_seconds_total',
    help: 'System CPU time spent',
    registers: [registry],
  });
  const both = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time spent',
    registers: [registry],
  });
}
