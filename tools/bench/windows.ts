import { EntityWindows, windowFeatures, type WindowLayout } from '@headrace/feature-store/windows';
import { SeededRandom } from '@headrace/kernel';
import { type BenchResult } from './bench-result.js';
import { runPeer } from './peers/run-peer.js';

const layout: WindowLayout = {
  columns: ['cpu_usage', 'memory_usage', 'disk_io'],
  windowMinutes: [5, 15, 60],
  latenessMinutes: 15,
};
const fullLayout: WindowLayout = {
  ...layout,
  statistics: ['count', 'sum', 'mean', 'std', 'min', 'max', 'first', 'last', 'slope', 'ewma', 'p50', 'p95'],
};
const start = Date.UTC(2026, 10, 23);
const entities = 1_000;
const defaultLoad = { layout, everySeconds: 15, late: 0 };

/**
 * The window operator alone: 3 columns x 3 windows x (mean, std, max), all 27 features for every reading in order, 1,000
 * entities in turn, each after its first full hour; then with late readings, with every statistic, and the memory of 100,000
 * entities. Speeds are per second of processor time, ours and the peers', so that other load on the machine changes them little.
 */
export async function benchWindows(): Promise<BenchResult[]> {
  const speed = (name: string, value: number): BenchResult => ({
    name: `windowed features, ${name}`,
    value,
    unit: 'readings/s',
    better: 'higher',
  });
  const inOrder = readingsPerSecond(defaultLoad);
  const results = [speed('a reading every 15 s', inOrder)];
  for (const everySeconds of [60, 5]) {
    results.push(
      speed(`a reading every ${everySeconds} s`, readingsPerSecond({ ...defaultLoad, everySeconds })),
    );
  }
  results.push(speed('5 % up to 5 minutes late', readingsPerSecond({ ...defaultLoad, late: 0.05 })));
  results.push(
    speed('108 of all statistics', readingsPerSecond({ ...defaultLoad, layout: fullLayout })),
    ...measureMemory(100_000),
  );
  for (const peer of [
    runPeer('windows-batch.py', '1000', '400', '15'),
    runPeer('windows-streaming.py', '250', '400', '15'),
  ]) {
    for (const [name, value] of Object.entries(peer?.values ?? {})) {
      const version = peer?.versions[name] ?? '';
      results.push({
        ...speed(`a reading every 15 s, beside ${name}`, inOrder),
        reference: { name: `${name} ${version}`, value },
      });
    }
  }
  return Promise.resolve(results);
}

interface Load {
  readonly layout: WindowLayout;
  readonly everySeconds: number;
  /** Share of late readings. */
  readonly late: number;
}

function readingsPerSecond({ layout, everySeconds, late }: Load): number {
  const random = new SeededRandom(7);
  const windows = Array.from({ length: entities }, () => new EntityWindows(layout));
  const values = Float64Array.from({ length: 4_096 * 3 }, () => random.next() * 100);
  const out = new Float64Array(windowFeatures(layout).length);
  const delays = Float64Array.from({ length: 4_099 }, () =>
    random.next() < late ? Math.floor(random.next() * 300_000) : 0,
  );
  const warmUp = Math.ceil(4_500 / everySeconds);
  const rounds = 400;
  let checksum = 0;
  let began = process.cpuUsage();
  for (let round = 0; round < warmUp + rounds; round += 1) {
    if (round === warmUp) began = process.cpuUsage();
    for (let entity = 0; entity < entities; entity += 1) {
      const reading = round * entities + entity;
      const delay = delays[reading % delays.length]!;
      const time = start + round * everySeconds * 1_000 + ((entity * 7_919) % 60_000) - delay;
      const of = windows[entity]!;
      of.accept(time, time, reading, values, ((round + entity) % 4_096) * 3);
      of.features(time, out);
      checksum += out[2]!;
    }
  }
  const { user, system } = process.cpuUsage(began);
  if (!Number.isFinite(checksum)) throw new Error('The benchmark computed no features');
  return (rounds * entities * 1e6) / (user + system);
}

/** Growth of the process, and the size that the arrays report. */
function measureMemory(count: number): BenchResult[] {
  const before = process.memoryUsage();
  const held = new Map<string, EntityWindows>();
  const values = Float64Array.of(41.5, 62, 1830);
  for (let entity = 0; entity < count; entity += 1) {
    const windows = new EntityWindows(layout);
    for (let minute = 0; minute < 90; minute += 1) {
      const time = start + minute * 60_000;
      windows.accept(time, time, entity * 100 + minute, values);
    }
    held.set(`system-${entity}`, windows);
  }
  const after = process.memoryUsage();
  const grown = after.heapUsed + after.external - before.heapUsed - before.external;
  const stated = held.get('system-0')!.bytes;
  return [
    {
      name: 'memory of 100,000 entities, a reading a minute',
      value: grown / 1e9,
      unit: 'GB',
      better: 'lower',
    },
    { name: 'of one of them, its arrays alone', value: stated, unit: 'bytes', better: 'lower' },
  ];
}
