import { randomUUID } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Who holds a directory. */
export interface DirectoryHolder {
  readonly pid: number;
  readonly host: string;
}

interface Claim extends DirectoryHolder {
  /** Boot and tick at which the process started, so that a number given to another process keeps no dead lock alive. */
  readonly started: string;
  readonly token: string;
}

const beatEveryMs = 2_000;
const silentAfterMs = 15_000;

/**
 * Holds a directory for this process by a file that names it. The lock of a process of this host that ended without
 * releasing it (kill -9, power loss) is taken over at once, also when its number was given to another. A holder on
 * another host (a shared volume) counts as dead when it has not touched its lock for 15 s. Throws what `refuse` makes of
 * the holder when a living one is there.
 *
 * @returns releases the lock
 */
export function holdDirectory(
  directory: string,
  refuse: (holder: DirectoryHolder) => Error,
  file = 'lock',
): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, file);
  const own: Claim = {
    pid: process.pid,
    host: hostname(),
    started: readStart(process.pid) ?? 'unknown',
    token: randomUUID(),
  };
  const draft = `${path}.${own.token}`;
  writeFileSync(draft, JSON.stringify(own), { mode: 0o600 });
  try {
    while (!tryLink(draft, path)) takeOverFromTheDead(path, refuse);
  } finally {
    rmSync(draft, { force: true });
  }
  const beat = setInterval(() => {
    const now = new Date();
    try {
      if (readClaim(path)?.token === own.token) utimesSync(path, now, now);
    } catch {
      // A volume that does not answer for a moment must not end the process; seven beats may fail before the lock is stale.
    }
  }, beatEveryMs);
  beat.unref();
  return () => {
    clearInterval(beat);
    if (readClaim(path)?.token === own.token) rmSync(path, { force: true });
  };
}

/** A hard link appears with its content in one step, or not at all. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Of several processes that see the same dead holder the rename succeeds for one; what it moved is looked at again. */
function takeOverFromTheDead(path: string, refuse: (holder: DirectoryHolder) => Error): void {
  const claim = readClaim(path);
  if (claim !== undefined && isAlive(claim, path)) throw refuse({ pid: claim.pid, host: claim.host });
  const grave = `${path}.stale.${randomUUID()}`;
  try {
    renameSync(path, grave);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  const moved = readClaim(grave);
  if (moved !== undefined && isAlive(moved, grave)) tryLink(grave, path);
  rmSync(grave, { force: true });
}

function readClaim(path: string): Claim | undefined {
  try {
    const { pid, host, started, token } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Claim>;
    return typeof pid === 'number' && host !== undefined && started !== undefined && token !== undefined
      ? { pid, host, started, token }
      : undefined;
  } catch (error) {
    // A lock that names nobody was cut off by a crash of the machine: nobody holds it.
    if (isErrno(error, 'ENOENT') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isAlive({ pid, host, started }: Claim, path: string): boolean {
  if (host !== hostname()) {
    const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return Date.now() - touched < silentAfterMs;
  }
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return false;
    if (!isErrno(error, 'EPERM')) throw error;
  }
  const now = readStart(pid);
  return now === undefined || started === 'unknown' || now === started;
}

/** Undefined where /proc does not tell. */
function readStart(pid: number): string | undefined {
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
