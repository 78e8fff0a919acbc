import { AppError } from '@headrace/kernel';
import { type DirectoryHolder } from './hold-directory.js';

/** Another live process holds the directory; two writers would overwrite each other's data. */
export class DirectoryInUseError extends AppError {
  readonly kind = 'conflict';

  /** @param code of the library that owns the directory */
  constructor(
    readonly code: string,
    readonly directory: string,
    readonly holder: DirectoryHolder,
  ) {
    super(
      `The data directory ${directory} is in use by process ${holder.pid} on ${holder.host}; embedded stores serve one process: stop it, or set HEADRACE_DATA_DIR to another directory`,
    );
  }
}
