import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { temporaryDirectory } from '@headrace/testing';
import { expect, it, onTestFinished } from 'vitest';
import { lockDataDirectory } from './data-directory-lock.js';

const lockOf = (directory: string) => join(directory, 'lock.json');

function heldBy(directory: string, holder: Record<string, unknown>): void {
  writeFileSync(
    lockOf(directory),
    JSON.stringify({ host: hostname(), started: 'then', token: 't', ...holder }),
  );
}

it('refuses a directory that this process holds, and gives it when it is released', () => {
  const directory = temporaryDirectory();
  const release = lockDataDirectory(directory);
  expect(() => lockDataDirectory(directory)).toThrow(`in use by process ${process.pid}`);
  release();
  lockDataDirectory(directory)();
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
  expect(() => lockDataDirectory(directory)).toThrow(`in use by process ${child.pid ?? 0}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  lockDataDirectory(directory)();
});

it('takes over the lock of an earlier process whose number a later one has', () => {
  const directory = temporaryDirectory();
  heldBy(directory, { pid: process.pid, started: 'an earlier boot' });
  lockDataDirectory(directory)();
});

it('believes a holder on another host for as long as it shows life', () => {
  const directory = temporaryDirectory();
  heldBy(directory, { pid: 1, host: 'another-host' });
  expect(() => lockDataDirectory(directory)).toThrow('another-host');
  const minuteAgo = new Date(Date.now() - 60_000);
  utimesSync(lockOf(directory), minuteAgo, minuteAgo);
  lockDataDirectory(directory)();
});

it('takes over a lock that a crash of the machine tore', () => {
  const directory = temporaryDirectory();
  writeFileSync(lockOf(directory), '{"pid":');
  lockDataDirectory(directory)();
});

it('does not remove a lock that somebody else took in the meantime', () => {
  const directory = temporaryDirectory();
  const release = lockDataDirectory(directory);
  heldBy(directory, { pid: 1, token: 'theirs' });
  release();
  expect(readFileSync(lockOf(directory), 'utf8')).toContain('theirs');
});
