import { findLmdbFault } from './find-lmdb-fault.js';
import { type StorageErrors } from './storage-errors.js';

/** Call it before LMDB opens the file: a file that was cut off would kill the process. */
export function checkLmdbFile(file: string, { corrupt }: Pick<StorageErrors, 'corrupt'>): void {
  const fault = findLmdbFault(file);
  if (fault !== undefined) throw corrupt(fault);
}
