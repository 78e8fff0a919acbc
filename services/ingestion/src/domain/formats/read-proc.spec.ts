import { expect, it } from 'vitest';
import { computeHostReading, readProc } from './read-proc.js';

const files = (busy: number, idle: number, sectors: number, received: number) => ({
  stat: `cpu  ${busy} 0 0 ${idle} 0 0 0 0 50 0\ncpu0 1 2 3 4\n`,
  meminfo: 'MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    250 kB\n',
  diskstats: `   8  0 sda 1 0 ${sectors} 0 1 0 ${sectors} 0 0 0 0\n   8  1 sda1 1 0 9999 0 1 0 9999 0 0 0 0\n   7  0 loop0 1 0 5 0 1 0 5 0 0 0 0\n`,
  netDev: `Inter-|   Receive  |  Transmit\n face |bytes packets|bytes\n    lo: 9 0 0 0 0 0 0 0 9 0 0 0 0 0 0 0\n  eth0:${received} 0 0 0 0 0 0 0 500 0 0 0 0 0 0 0\n`,
});

it('measures what a host did between two moments, by hand', () => {
  const before = readProc(files(100, 900, 10, 1_000), 0);
  const after = readProc(files(150, 1_050, 20, 3_000), 2_000);
  // 50 of 200 ticks; 750 of 1000 kB; 2 x 10 sectors of 512 bytes and 2000 bytes in 2 s.
  expect(computeHostReading('h', before, after)).toEqual({
    system_id: 'h',
    timestamp: '1970-01-01T00:00:02.000Z',
    source: 'host',
    cpu_usage: 25,
    memory_usage: 75,
    disk_io: 5_120,
    network_io: 1_000,
  });
});

it('leaves out what is not known, and has no reading when no time has passed', () => {
  const nothing = { meminfo: '', diskstats: '', netDev: '' };
  const before = readProc({ ...nothing, stat: 'cpu  1 0 0 1' }, 0);
  const after = readProc({ ...nothing, stat: 'cpu  2 0 0 2' }, 1_000);
  expect(computeHostReading('h', before, after)).toEqual({
    system_id: 'h',
    timestamp: '1970-01-01T00:00:01.000Z',
    source: 'host',
    cpu_usage: 50,
  });
  expect(computeHostReading('h', after, after)).toBeUndefined();
});

it('leaves out a rate whose counter decreased', () => {
  const before = readProc(files(1, 1, 100, 9_000), 0);
  const after = readProc(files(2, 2, 10, 1_000), 1_000);
  expect(Object.keys(computeHostReading('h', before, after) ?? {})).toEqual([
    'system_id',
    'timestamp',
    'source',
    'cpu_usage',
    'memory_usage',
  ]);
});
