import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { CacheCorruptError, CacheFormatUnsupportedError } from '../cache-errors.js';

const formatVersion = 1;

/** Opens the LMDB file of a cache, after it is sure that it is one, that it is whole and of this format. */
export function openCacheFile(directory: string): RootDatabase<Buffer, string> {
  const path = join(directory, 'cache.lmdb');
  checkFormat(directory, path);
  if (existsSync(path)) checkLength(path);
  try {
    return open<Buffer, string>({ path, encoding: 'binary', noSubdir: true });
  } catch (error) {
    throw new CacheCorruptError(`${path} cannot be opened`, { cause: error });
  }
}

function checkFormat(directory: string, data: string): void {
  const path = join(directory, 'format.json');
  if (!existsSync(path)) {
    if (existsSync(data)) throw new CacheCorruptError(`${directory} holds a cache but no format.json`);
    writeFileSync(path, `${JSON.stringify({ format: 'headrace-cache', version: formatVersion })}\n`);
    return;
  }
  const { format, version } = readFormat(path);
  if (format !== 'headrace-cache' || typeof version !== 'number') {
    throw new CacheCorruptError(`${path} does not describe a cache`);
  }
  if (version !== formatVersion) {
    throw new CacheFormatUnsupportedError(
      `${directory} has format ${version}, this build reads ${formatVersion}; use the build that wrote it, or another data directory`,
    );
  }
}

function readFormat(path: string): { readonly format?: unknown; readonly version?: unknown } {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { format?: unknown; version?: unknown };
  } catch (error) {
    throw new CacheCorruptError(`${path} does not describe a cache`, { cause: error });
  }
}

/**
 * A file that was cut off would kill the process by SIGBUS at the first read behind its end. LMDB's two meta pages name
 * the last page of the two newest commits; the file must reach as far as the larger of them.
 */
function checkLength(data: string): void {
  const file = openSync(data, 'r');
  try {
    const { size } = fstatSync(file);
    if (size === 0) return;
    const first = metaPage(file, 0);
    if (first === undefined) throw new CacheCorruptError(`${data} is not an LMDB file`);
    const second = metaPage(file, first.pageSize) ?? first;
    const lastPage = first.lastPage > second.lastPage ? first.lastPage : second.lastPage;
    const needed = (lastPage + 1n) * BigInt(first.pageSize);
    if (BigInt(size) < needed) {
      throw new CacheCorruptError(
        `${data} is cut off: it has ${size} of at least ${needed.toString()} bytes`,
      );
    }
  } finally {
    closeSync(file);
  }
}

/** Page header 24 bytes; then magic u32, version u32, address u64, map size u64, two tables of 48 bytes, last page u64. */
function metaPage(file: number, at: number): { pageSize: number; lastPage: bigint } | undefined {
  const page = Buffer.alloc(152);
  if (readSync(file, page, 0, page.length, at) < page.length || page.readUInt32LE(24) !== 0xbeefc0de)
    return undefined;
  return { pageSize: page.readUInt32LE(48), lastPage: page.readBigUInt64LE(144) };
}
