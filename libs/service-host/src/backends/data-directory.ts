import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkFormatNumber, DirectoryInUseError, holdDirectory } from '@headrace/embedded-storage';
import { AppError, type Closeable } from '@headrace/kernel';

const currentFormat = 1;

/** The data directory was written by a later release, which may keep things in a way that this one would damage. */
export class DataDirectoryTooNewError extends AppError {
  readonly code = 'HOST_DATA_DIRECTORY_TOO_NEW';
  readonly kind = 'unsupported';

  constructor(
    readonly directory: string,
    readonly format: number,
  ) {
    super(
      `The data directory ${directory} has format ${format} and this release knows ${currentFormat}; start the newer release, or set HEADRACE_DATA_DIR to another directory`,
    );
  }
}

/** The file that holds the format of the data directory is damaged, so this release cannot tell whether it may write. */
export class DataDirectoryUnreadableError extends AppError {
  readonly code = 'HOST_DATA_DIRECTORY_UNREADABLE';
  readonly kind = 'invalid';

  constructor(readonly file: string) {
    super(
      `${file} is damaged: it should be {"format":${currentFormat}}; restore it from a backup, or set HEADRACE_DATA_DIR to another directory`,
    );
  }
}

/** Locks the directory for this process until `close`. The lock of a process that no longer exists is taken over. */
export function lockDataDirectory(path: string): Closeable & { readonly path: string } {
  const directory = resolve(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const release = holdDirectory(
    directory,
    (holder) => new DirectoryInUseError('HOST_DATA_DIRECTORY_IN_USE', directory, holder),
    'process.lock',
  );
  try {
    checkFormat(directory);
  } catch (error) {
    release();
    throw error;
  }
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
  checkFormatNumber(
    file,
    { format: currentFormat },
    {
      damaged: () => new DataDirectoryUnreadableError(file),
      tooNew: ({ format }) => new DataDirectoryTooNewError(directory, format),
    },
  );
}
