/** Counters of a Linux host at one moment; a rate needs two of them. */
export interface HostCounters {
  readonly time: number;
  /** Ticks since boot. */
  readonly cpuBusy: number;
  readonly cpuTotal: number;
  readonly memoryUsage: number | undefined;
  /** Bytes read and written since boot. */
  readonly diskBytes: number | undefined;
  /** Bytes received and sent since boot, without the loopback. */
  readonly networkBytes: number | undefined;
}

export interface ProcFiles {
  readonly stat: string;
  readonly meminfo: string;
  readonly diskstats: string;
  readonly netDev: string;
}

const sectorBytes = 512;

export function readProc({ stat, meminfo, diskstats, netDev }: ProcFiles, time: number): HostCounters {
  const ticks = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '').split(' ').map(Number);
  // User, nice, system, idle, iowait, irq, softirq, steal; guest time is part of user time already.
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = ticks;
  const cpuTotal = user + nice + system + idle + iowait + irq + softirq + steal;
  const memoryTotal = readKilobytes(meminfo, 'MemTotal');
  const available = readKilobytes(meminfo, 'MemAvailable');
  return {
    time,
    cpuBusy: cpuTotal - idle - iowait,
    cpuTotal,
    memoryUsage:
      memoryTotal === undefined || available === undefined ? undefined : 100 * (1 - available / memoryTotal),
    diskBytes: sumLines(diskstats, (fields) =>
      isWholeDisk(fields[2] ?? '') ? (Number(fields[5]) + Number(fields[9])) * sectorBytes : undefined,
    ),
    networkBytes: sumLines(netDev.replaceAll(':', ' '), (fields) =>
      fields.length < 17 || fields[0] === 'lo' ? undefined : Number(fields[1]) + Number(fields[9]),
    ),
  };
}

/** The rates of a host between two moments. What is not known is left out; it is not zero. */
export function computeHostReading(
  systemId: string,
  before: HostCounters,
  after: HostCounters,
): Readonly<Record<string, string | number>> | undefined {
  const seconds = (after.time - before.time) / 1000;
  const ticks = after.cpuTotal - before.cpuTotal;
  if (seconds <= 0 || ticks <= 0) return undefined;
  return {
    system_id: systemId,
    timestamp: new Date(after.time).toISOString(),
    source: 'host',
    cpu_usage: round(Math.min(100, Math.max(0, (100 * (after.cpuBusy - before.cpuBusy)) / ticks))),
    ...(after.memoryUsage === undefined ? {} : { memory_usage: round(after.memoryUsage) }),
    ...computeRate('disk_io', before.diskBytes, after.diskBytes, seconds),
    ...computeRate('network_io', before.networkBytes, after.networkBytes, seconds),
  };
}

function computeRate(
  name: string,
  before: number | undefined,
  after: number | undefined,
  seconds: number,
): Readonly<Record<string, number>> {
  // A counter that decreased belongs to a device that was removed.
  if (before === undefined || after === undefined || after < before) return {};
  return { [name]: round((after - before) / seconds) };
}

function readKilobytes(meminfo: string, name: string): number | undefined {
  const text = new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(meminfo)?.[1];
  return text === undefined ? undefined : Number(text);
}

/** Partitions are left out: their disk counts the same bytes. */
function isWholeDisk(name: string): boolean {
  return /^(sd[a-z]+|vd[a-z]+|xvd[a-z]+|hd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/.test(name);
}

function sumLines(
  text: string,
  valueOf: (fields: readonly string[]) => number | undefined,
): number | undefined {
  const values = text.split('\n').flatMap((line) => {
    const value = valueOf(line.trim().split(/\s+/));
    return value === undefined || Number.isNaN(value) ? [] : [value];
  });
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
