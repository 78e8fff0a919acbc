import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Holder {
  readonly pid: number;
  /** Boot and tick at which the process started, so that a number given to another process keeps no dead lock alive. */
  readonly started: string;
}

/**
 * Holds a directory for this process by a file that names it. The lock of a process that ended without releasing it
 * (kill -9, power loss) is taken over at once, also when its number was given to another. Not across machines: a process
 * number says nothing there. Throws what `refuse` makes of the holder's number when another living process holds it.
 *
 * @returns releases the lock
 */
export function holdDirectory(directory: string, refuse: (pid: number) => Error, file = 'lock'): () => void {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, file);
  const claim = `${path}.${process.pid}`;
  const self: Holder = { pid: process.pid, started: startOf(process.pid) ?? 'unknown' };
  writeFileSync(claim, JSON.stringify(self));
  try {
    while (!linked(claim, path)) takeOverFromTheDead(path, refuse);
  } finally {
    rmSync(claim, { force: true });
  }
  return () => {
    if (holderOf(path)?.pid === process.pid) rmSync(path, { force: true });
  };
}

/** A hard link appears with its content in one step, or not at all. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Of several processes that see the same dead holder the rename succeeds for one; what it moved is looked at again. */
function takeOverFromTheDead(path: string, refuse: (pid: number) => Error): void {
  const holder = holderOf(path);
  if (holder !== undefined && isAlive(holder)) throw refuse(holder.pid);
  const grave = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, grave);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  const moved = holderOf(grave);
  if (moved !== undefined && isAlive(moved)) linked(grave, path);
  rmSync(grave, { force: true });
}

function holderOf(path: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    return typeof holder.pid === 'number' && typeof holder.started === 'string'
      ? { pid: holder.pid, started: holder.started }
      : undefined;
  } catch (error) {
    // A lock that names nobody was cut off by a crash of the machine: nobody holds it.
    if (isErrno(error, 'ENOENT') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return false;
    if (!isErrno(error, 'EPERM')) throw error;
  }
  const now = startOf(pid);
  return now === undefined || started === 'unknown' || now === started;
}

function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the command, may hold blanks and brackets; the start time is the 20th after it.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return started === undefined ? undefined : `${boot}/${started}`;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'EACCES') || isErrno(error, 'ESRCH')) return undefined;
    throw error;
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
