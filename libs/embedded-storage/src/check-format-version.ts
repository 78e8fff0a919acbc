import { type StorageErrors } from './storage-errors.js';

/** Throws `unsupported` unless `place` was written in the version that this build reads. */
export function checkFormatVersion(
  place: string,
  found: unknown,
  current: number,
  { unsupported }: Pick<StorageErrors, 'unsupported'>,
): void {
  if (found === current) return;
  throw unsupported(
    `${place} has format ${String(found)}, this build reads ${current}; use the build that wrote it, or another data directory`,
  );
}
