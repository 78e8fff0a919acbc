import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@headrace/kernel';
import { z } from 'zod';

/** Another live process holds the directory. Two writers would both assign the same offsets. */
export class DirectoryInUseError extends AppError {
  readonly code = 'MESSAGING_DATA_DIRECTORY_IN_USE';
  readonly kind = 'conflict';

  constructor(
    readonly directory: string,
    readonly pid: number,
  ) {
    super(
      `${directory} is in use by process ${pid}; stop it, or give this process another data directory ` +
        '(HEADRACE_DATA_DIR)',
    );
  }
}

const holderSchema = z.object({ pid: z.number().int().positive(), started: z.string() });
type Holder = z.output<typeof holderSchema>;

/**
 * Holds a directory for this process by a file that names it. The lock of a process that ended without releasing
 * (kill -9, power loss) is taken over: the file carries the start time of its process, so that neither a pid given to
 * somebody else nor a reboot keeps a dead lock alive. Not across machines: a pid says nothing there.
 */
export function lockDirectory(directory: string): { release(): void } {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, 'lock');
  const self: Holder = { pid: process.pid, started: startOf(process.pid) ?? 'unknown' };
  const claim = join(directory, `lock.${process.pid}`);
  writeFileSync(claim, JSON.stringify(self));
  try {
    while (!link(claim, path)) takeOverFromTheDead(directory, path);
  } finally {
    rmSync(claim, { force: true });
  }
  return {
    release: () => {
      if (readHolder(path)?.pid === process.pid) rmSync(path, { force: true });
    },
  };
}

/** `link` creates the file with its content in one step, or not at all. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

function takeOverFromTheDead(directory: string, path: string): void {
  const holder = readHolder(path);
  if (holder !== undefined && isAlive(holder)) throw new DirectoryInUseError(directory, holder.pid);
  // Of several processes that see the same dead holder, the rename succeeds for one; what it moved is looked at again,
  // because in between another may have taken over already.
  const grave = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, grave);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  const moved = readHolder(grave);
  if (moved !== undefined && isAlive(moved)) link(grave, path);
  rmSync(grave, { force: true });
}

function readHolder(path: string): Holder | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
  } catch (error) {
    // A lock file that names nobody was cut off by a crash of the machine: nobody holds it.
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

/** Boot and tick at which a process started; undefined where the system has no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the command, may hold blanks and brackets; the start time is the 20th after it.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return started === undefined ? undefined : `${boot}/${started}`;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'EACCES')) return undefined;
    throw error;
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
