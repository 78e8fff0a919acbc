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
import { AppError } from '@headrace/kernel';

/** Another living process works on this directory. */
export class DataDirectoryHeldError extends AppError {
  readonly code = 'DATABASE_DIRECTORY_HELD';
  readonly kind = 'conflict';

  constructor(
    readonly directory: string,
    readonly holder: LockHolder,
  ) {
    super(
      `The data directory ${directory} is in use by process ${holder.pid} on ${holder.host}; stop it, or set HEADRACE_DATA_DIR to another directory`,
    );
  }
}

export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** Tells this process from a later one with the same number. */
  readonly started: string;
  readonly token: string;
}

const beatEveryMs = 2_000;
const silentAfterMs = 15_000;

/**
 * Keeps a directory for one process. The holder is known by process number and start time, so that the lock of a
 * process that was killed is taken over at once, also when its number was given to another. A holder on another host
 * (a shared volume) counts as dead when it has not touched its lock for 15 s.
 *
 * @returns releases the lock
 */
export function lockDataDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'lock.json');
  const own: LockHolder = {
    pid: process.pid,
    host: hostname(),
    started: startOf(process.pid) ?? 'unknown',
    token: randomUUID(),
  };
  const draft = `${path}.${own.token}`;
  writeFileSync(draft, JSON.stringify(own), { mode: 0o600 });
  try {
    claim(path, draft, directory);
  } finally {
    rmSync(draft, { force: true });
  }
  const beat = setInterval(() => {
    const now = new Date();
    if (holderOf(path)?.token === own.token) utimesSync(path, now, now);
  }, beatEveryMs);
  beat.unref();
  return () => {
    clearInterval(beat);
    if (holderOf(path)?.token === own.token) rmSync(path, { force: true });
  };
}

/** A hard link either makes the lock or fails because it is there: no two processes can both succeed. */
function claim(path: string, draft: string, directory: string): void {
  for (let attempt = 0; ; attempt += 1) {
    try {
      linkSync(draft, path);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt >= 5) throw error;
    }
    const holder = holderOf(path);
    if (holder !== undefined && isAlive(holder, path)) throw new DataDirectoryHeldError(directory, holder);
    const aside = `${draft}.stale`;
    try {
      renameSync(path, aside);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw error;
    }
    // Somebody else may have taken the stale lock over in between: then that lock goes back.
    const moved = holderOf(aside);
    if (moved !== undefined && moved.token !== holder?.token) renameSync(aside, path);
    else rmSync(aside, { force: true });
  }
}

function holderOf(path: string): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LockHolder;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // A lock that cannot be parsed was torn by a crash of the machine: nobody holds it.
    if (code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isAlive(holder: LockHolder, path: string): boolean {
  if (holder.host !== hostname()) {
    const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return Date.now() - touched < silentAfterMs;
  }
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const started = startOf(holder.pid);
  return started === undefined || started === holder.started;
}

/** The kernel's start time of a process, with the boot it belongs to; undefined where /proc does not tell. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // Field 22, counted behind the name, which may hold spaces and brackets.
    return `${boot}/${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`;
  } catch {
    return undefined;
  }
}
