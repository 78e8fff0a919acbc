import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lmdbFault, markFormat } from '@headrace/kernel';
import { open, type RootDatabase } from 'lmdb';
import { CacheCorruptError, CacheFormatUnsupportedError } from '../cache-errors.js';

const formatVersion = 1;

/** Opens the LMDB file of a cache, after it is sure that it is one, that it is whole and of this format. */
export function openCacheFile(directory: string): RootDatabase<Buffer, string> {
  const path = join(directory, 'cache.lmdb');
  checkFormat(directory, path);
  try {
    return open<Buffer, string>({ path, encoding: 'binary', noSubdir: true });
  } catch (error) {
    throw new CacheCorruptError(`${path} cannot be opened`, { cause: error });
  }
}

function checkFormat(directory: string, data: string): void {
  const path = join(directory, 'format.json');
  const mark = markFormat(path, { format: 'headrace-cache', version: formatVersion }, () => {
    if (existsSync(data)) throw new CacheCorruptError(`${directory} holds a cache but no format.json`);
  });
  if (mark?.format !== 'headrace-cache' || typeof mark.version !== 'number') {
    throw new CacheCorruptError(`${path} does not describe a cache`);
  }
  if (mark.version !== formatVersion) {
    throw new CacheFormatUnsupportedError(
      `${directory} has format ${mark.version}, this build reads ${formatVersion}; use the build that wrote it, or another data directory`,
    );
  }
  const fault = lmdbFault(data);
  if (fault !== undefined) throw new CacheCorruptError(fault);
}
