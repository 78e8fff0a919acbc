import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkDirectoryFormat } from '@headrace/embedded-storage';
import { open, type RootDatabase } from 'lmdb';
import { CacheCorruptError, CacheFormatUnsupportedError } from '../cache-errors.js';

const formatVersion = 1;

/** Opens the LMDB file of a cache, after it is sure that it is one, that it is whole and of this format. */
export function openCacheFile(directory: string): RootDatabase<Buffer, string> {
  const path = join(directory, 'cache.lmdb');
  checkDirectoryFormat(directory, {
    name: 'headrace-cache',
    version: formatVersion,
    content: 'a cache',
    holdsData: () => existsSync(path),
    lmdbFile: path,
    corrupt: (message) => new CacheCorruptError(message),
    unsupported: (message) => new CacheFormatUnsupportedError(message),
  });
  try {
    return open<Buffer, string>({ path, encoding: 'binary', noSubdir: true });
  } catch (error) {
    throw new CacheCorruptError(`${path} cannot be opened`, { cause: error });
  }
}
