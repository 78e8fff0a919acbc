import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AppError, type Closeable } from '@headrace/kernel';

const newestFormat = 1;

/** Another process works on this data directory. */
export class DataDirectoryInUseError extends AppError {
  readonly code = 'HOST_DATA_DIRECTORY_IN_USE';
  readonly kind = 'conflict';

  constructor(
    readonly directory: string,
    readonly pid: number,
  ) {
    super(
      `The data directory ${directory} is in use by process ${pid}; embedded stores serve one process: stop it, or set HEADRACE_DATA_DIR to another directory`,
    );
  }
}

/** The data directory was written by a later release, which may keep things in a way that this one would damage. */
export class DataDirectoryTooNewError extends AppError {
  readonly code = 'HOST_DATA_DIRECTORY_TOO_NEW';
  readonly kind = 'unsupported';

  constructor(
    readonly directory: string,
    readonly format: number,
  ) {
    super(
      `The data directory ${directory} has format ${format} and this release knows ${newestFormat}; start the newer release, or set HEADRACE_DATA_DIR to another directory`,
    );
  }
}

/** What says how the data directory was written cannot be read, so nothing says that this release may write to it. */
export class DataDirectoryUnreadableError extends AppError {
  readonly code = 'HOST_DATA_DIRECTORY_UNREADABLE';
  readonly kind = 'invalid';

  constructor(readonly file: string) {
    super(
      `${file} is damaged: it should be {"format":${newestFormat}}; restore it from a backup, or set HEADRACE_DATA_DIR to another directory`,
    );
  }
}

/** Keeps the directory for this process until `close`. The lock of a process that is gone is taken over. */
export function holdDataDirectory(path: string): Closeable & { readonly path: string } {
  const directory = resolve(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  checkFormat(directory);
  const lock = join(directory, 'process.lock');
  claim(lock, directory);
  let held = true;
  return {
    path: directory,
    close: () => {
      if (held) rmSync(lock, { force: true });
      held = false;
      return Promise.resolve();
    },
  };
}

function checkFormat(directory: string): void {
  const file = join(directory, 'headrace.json');
  const written = read(file);
  if (written === undefined) {
    writeFileSync(file, `${JSON.stringify({ format: newestFormat })}\n`, { mode: 0o600 });
    return;
  }
  const format = formatOf(written);
  if (format === undefined) throw new DataDirectoryUnreadableError(file);
  if (format > newestFormat) throw new DataDirectoryTooNewError(directory, format);
}

function formatOf(written: string): number | undefined {
  try {
    const content = JSON.parse(written) as { format?: unknown } | null;
    return typeof content?.format === 'number' ? content.format : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A hard link is made or is there already: of two processes one succeeds. */
function claim(lock: string, directory: string): void {
  const draft = `${lock}.${process.pid}`;
  writeFileSync(draft, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      try {
        linkSync(draft, lock);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = holderOf(lock);
      if (holder !== undefined && isAlive(holder)) throw new DataDirectoryInUseError(directory, holder.pid);
      rmSync(lock, { force: true });
    }
    throw new DataDirectoryInUseError(directory, holderOf(lock)?.pid ?? 0);
  } finally {
    rmSync(draft, { force: true });
  }
}

interface Holder {
  readonly pid: number;
  readonly started: string | undefined;
}

function holderOf(lock: string): Holder | undefined {
  const written = read(lock);
  try {
    return written === undefined || written === '' ? undefined : (JSON.parse(written) as Holder);
  } catch (error) {
    // Torn by a crash of the machine: nobody holds it.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = startOf(pid);
  // A number is given again after a while; the start tells the two apart.
  return now === undefined || started === undefined || now === started;
}

function startOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES') return undefined;
    throw error;
  }
}
