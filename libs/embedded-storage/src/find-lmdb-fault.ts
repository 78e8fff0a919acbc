import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * What is wrong with an LMDB file, before it is opened: one that was cut off would kill the process by SIGBUS at the
 * first read behind its end. LMDB's two meta pages name the last page of the two newest commits. It reads by the newer
 * one, so the file must reach as far as the larger of them.
 *
 * @returns undefined for a file that is whole, empty or not there
 */
export function findLmdbFault(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    if (size === 0) return undefined;
    const first = readMetaPage(handle, 0);
    if (first === undefined) return `${file} is not an LMDB file`;
    const second = readMetaPage(handle, first.pageSize) ?? first;
    const lastPage = first.lastPage > second.lastPage ? first.lastPage : second.lastPage;
    const needed = (lastPage + 1n) * BigInt(first.pageSize);
    return BigInt(size) < needed
      ? `${file} is cut off: it has ${size} of at least ${needed} bytes`
      : undefined;
  } finally {
    closeSync(handle);
  }
}

/** Page header 24 bytes; then magic u32, version u32, address u64, map size u64, two tables of 48 bytes, last page u64. */
function readMetaPage(handle: number, at: number): { pageSize: number; lastPage: bigint } | undefined {
  const page = Buffer.alloc(152);
  if (readSync(handle, page, 0, page.length, at) < page.length || page.readUInt32LE(24) !== 0xbeefc0de) {
    return undefined;
  }
  return { pageSize: page.readUInt32LE(48), lastPage: page.readBigUInt64LE(144) };
}
