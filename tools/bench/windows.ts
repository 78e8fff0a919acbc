import { EntityWindows, type WindowLayout } from '@headrace/feature-store/windows';
import { SeededRandom } from '@headrace/kernel';
import { type BenchResult } from './bench-result.js';

const layout: WindowLayout = {
  columns: ['cpu_usage', 'memory_usage', 'disk_io'],
  windowMinutes: [5, 15, 60],
  latenessMinutes: 15,
};
const featureCount = 27;
const start = Date.UTC(2026, 10, 23);

/**
 * The window operator alone: 3 columns x 3 windows x (mean, std, max), all 27 features given out for every reading in
 * order, 1,000 entities in turn, each past its first full hour. Then the memory of 100,000 entities with full windows.
 */
export async function benchWindows(): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const seconds of [60, 15, 5]) {
    const rate = median([readingsPerSecond(seconds), readingsPerSecond(seconds), readingsPerSecond(seconds)]);
    results.push({
      name: `windowed features, a reading every ${seconds} s of 1,000 entities`,
      value: rate,
      unit: 'readings/s',
      better: 'higher',
    });
  }
  results.push({
    name: 'memory of 100,000 entities, a reading a minute, windows full',
    value: memoryOf(100_000) / 1e9,
    unit: 'GB',
    better: 'lower',
  });
  return results;
}

function readingsPerSecond(everySeconds: number): number {
  const random = new SeededRandom(7);
  const entities = Array.from({ length: 1_000 }, () => new EntityWindows(layout));
  const values = new Float64Array(4_096 * 3);
  for (let index = 0; index < values.length; index += 1) values[index] = random.next() * 100;
  const out = new Float64Array(featureCount);
  const warmUp = Math.ceil(4_500 / everySeconds);
  const rounds = Math.ceil(400_000 / entities.length);
  let checksum = 0;
  let began = performance.now();
  for (let round = 0; round < warmUp + rounds; round += 1) {
    if (round === warmUp) began = performance.now();
    for (let entity = 0; entity < entities.length; entity += 1) {
      const time = start + round * everySeconds * 1_000 + ((entity * 7_919) % 60_000);
      const windows = entities[entity]!;
      windows.accept(time, time, round * 1_000 + entity, values, ((round + entity) % 4_096) * 3);
      windows.features(time, out);
      checksum += out[26]!;
    }
  }
  const seconds = (performance.now() - began) / 1_000;
  if (!Number.isFinite(checksum)) throw new Error('The benchmark computed no features');
  return (rounds * entities.length) / seconds;
}

function memoryOf(count: number): number {
  const before = process.memoryUsage();
  const entities = new Map<string, EntityWindows>();
  const values = new Float64Array([41.5, 62, 1830]);
  for (let entity = 0; entity < count; entity += 1) {
    const windows = new EntityWindows(layout);
    for (let minute = 0; minute < 90; minute += 1) {
      const time = start + minute * 60_000;
      windows.accept(time, time, entity * 100 + minute, values);
    }
    entities.set(`system-${entity}`, windows);
  }
  const after = process.memoryUsage();
  if (entities.size !== count) throw new Error('Entities went missing');
  return after.heapUsed + after.external - before.heapUsed - before.external;
}

function median(sample: readonly number[]): number {
  return [...sample].sort((a, b) => a - b)[Math.floor(sample.length / 2)]!;
}
