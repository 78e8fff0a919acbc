import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkFormat, checkLmdbFile, type StorageErrors } from '@headrace/embedded-storage';
import { open, type RootDatabase } from 'lmdb';
import { CacheCorruptError, CacheFormatUnsupportedError } from '../cache-errors.js';

const formatVersion = 1;
const errors: StorageErrors = {
  corrupt: (message) => new CacheCorruptError(message),
  unsupported: (message) => new CacheFormatUnsupportedError(message),
};

/** Opens the LMDB file of a cache, after checking that it is whole and of this format. */
export function openCacheFile(directory: string): RootDatabase<Buffer, string> {
  const path = join(directory, 'cache.lmdb');
  checkFormat(
    directory,
    { name: 'headrace-cache', version: formatVersion, contents: 'a cache', hasData: () => existsSync(path) },
    errors,
  );
  checkLmdbFile(path, errors);
  try {
    return open<Buffer, string>({ path, encoding: 'binary', noSubdir: true });
  } catch (error) {
    throw new CacheCorruptError(`${path} cannot be opened`, { cause: error });
  }
}
