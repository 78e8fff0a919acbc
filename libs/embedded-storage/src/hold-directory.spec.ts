import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { holdDirectory, type DirectoryHolder } from './hold-directory.js';

const lockOf = (directory: string) => join(directory, 'lock');
const refuse = ({ pid, host }: DirectoryHolder) => new Error(`held by ${pid} on ${host}`);
const hold = (directory: string) => holdDirectory(directory, refuse);

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function heldBy(directory: string, holder: Record<string, unknown>): void {
  writeFileSync(
    lockOf(directory),
    JSON.stringify({ host: hostname(), started: 'then', token: 't', ...holder }),
  );
}

it('refuses a directory that this process holds, and gives it when it is released', () => {
  const directory = temporaryDirectory();
  const release = hold(directory);
  expect(() => hold(directory)).toThrow(`held by ${process.pid}`);
  release();
  expect(readdirSync(directory)).toEqual([]);
  hold(directory)();
});

it('refuses a directory that another living process holds, by its number', async () => {
  const directory = temporaryDirectory();
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child, 'spawn');
  const stat = readFileSync(`/proc/${child.pid ?? 0}/stat`, 'utf8');
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  heldBy(directory, { pid: child.pid, started: `${boot}/${stat.split(' ')[21] ?? ''}` });
  expect(() => hold(directory)).toThrow(`held by ${child.pid ?? 0}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  hold(directory)();
});

it('takes over the lock of an earlier process whose number a later one has', () => {
  const directory = temporaryDirectory();
  heldBy(directory, { pid: process.pid, started: 'an earlier boot' });
  hold(directory)();
});

it('believes a holder on another host for as long as it shows life', () => {
  const directory = temporaryDirectory();
  heldBy(directory, { pid: 1, host: 'another-host' });
  expect(() => hold(directory)).toThrow('another-host');
  const minuteAgo = new Date(Date.now() - 60_000);
  utimesSync(lockOf(directory), minuteAgo, minuteAgo);
  hold(directory)();
});

it('takes over a lock that a crash of the machine tore', () => {
  const directory = temporaryDirectory();
  writeFileSync(lockOf(directory), '{"pid":');
  hold(directory)();
});

it('outlives a beat that fails, and keeps beating', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const directory = temporaryDirectory();
  const release = hold(directory);
  const written = readFileSync(lockOf(directory));
  rmSync(lockOf(directory));
  mkdirSync(lockOf(directory));
  vi.advanceTimersByTime(2_000);
  rmSync(lockOf(directory), { recursive: true });
  writeFileSync(lockOf(directory), written);
  const before = new Date(0);
  utimesSync(lockOf(directory), before, before);
  vi.advanceTimersByTime(2_000);
  expect(statSync(lockOf(directory)).mtimeMs).toBeGreaterThan(0);
  release();
});

it('does not remove a lock that somebody else took in the meantime', () => {
  const directory = temporaryDirectory();
  const release = hold(directory);
  heldBy(directory, { pid: 1, token: 'theirs' });
  release();
  expect(readFileSync(lockOf(directory), 'utf8')).toContain('theirs');
});

it('is held by one of many processes that take it over from a dead one at once', async () => {
  const directory = temporaryDirectory();
  heldBy(directory, { pid: process.pid, started: 'an earlier boot' });
  const script = `
    import { holdDirectory } from ${JSON.stringify(new URL('../dist/hold-directory.js', import.meta.url).href)};
    process.stdin.once('data', () => {
      try { holdDirectory(process.argv[1], () => new Error('refused')); process.stdout.write('held'); }
      catch (error) { process.stdout.write(error.message); }
      setInterval(() => {}, 1000);
    });
    process.stderr.write('ready');`;
  const children = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script, directory]),
  );
  onTestFinished(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  await Promise.all(children.map((child) => once(child.stderr, 'data')));
  const answers = children.map((child) => once(child.stdout, 'data'));
  for (const child of children) child.stdin.write('now');
  expect((await Promise.all(answers)).map(String).sort()).toEqual([
    'held',
    ...Array<string>(5).fill('refused'),
  ]);
});
