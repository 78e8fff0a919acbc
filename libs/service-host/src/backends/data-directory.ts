import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AppError, holdDirectory, type Closeable } from '@headrace/kernel';

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
  const release = holdDirectory(
    directory,
    (pid) => new DataDirectoryInUseError(directory, pid),
    'process.lock',
  );
  return {
    path: directory,
    close: () => {
      release();
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

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES') return undefined;
    throw error;
  }
}
