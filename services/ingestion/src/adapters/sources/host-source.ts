import { readFile } from 'node:fs/promises';
import { cpus, freemem, hostname, totalmem } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { ReadingSource } from '../../application/ports.js';
import { computeHostReading, readProc, type HostCounters } from '../../domain/formats/read-proc.js';

/** The host that the service runs on, once a second. Outside of Linux only processor and memory are known. */
export class HostSource extends ReadingSource {
  readonly name = 'host';
  override historyReadings = 0;

  async *batches(signal: AbortSignal): AsyncIterable<readonly unknown[]> {
    let before = await readCounters();
    for (;;) {
      await pause(1_000, undefined, { signal });
      const after = await readCounters();
      const reading = computeHostReading(hostname(), before, after);
      before = after;
      if (reading !== undefined) yield [reading];
    }
  }
}

async function readCounters(): Promise<HostCounters> {
  if (process.platform !== 'linux') return readPortableCounters();
  const [stat, meminfo, diskstats, netDev] = await Promise.all(
    ['stat', 'meminfo', 'diskstats', 'net/dev'].map((name) => readFile(`/proc/${name}`, 'utf8')),
  );
  return readProc(
    { stat: stat ?? '', meminfo: meminfo ?? '', diskstats: diskstats ?? '', netDev: netDev ?? '' },
    Date.now(),
  );
}

function readPortableCounters(): HostCounters {
  const times = cpus().map((cpu) => cpu.times);
  const cpuTotal = times.reduce(
    (sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq,
    0,
  );
  const idle = times.reduce((sum, each) => sum + each.idle, 0);
  return {
    time: Date.now(),
    cpuBusy: cpuTotal - idle,
    cpuTotal,
    memoryUsage: 100 * (1 - freemem() / totalmem()),
    diskBytes: undefined,
    networkBytes: undefined,
  };
}
