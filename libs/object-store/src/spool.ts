import { createHash, randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

export interface Spooled {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** Writes a stream to a new file in a directory, durably, and learns its size and checksum on the way. */
export async function spool(directory: string, content: AsyncIterable<Uint8Array>): Promise<Spooled> {
  const path = join(directory, `headrace-${randomUUID()}.part`);
  const hash = createHash('sha256');
  let size = 0;
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of content) {
      hash.update(chunk);
      size += chunk.byteLength;
      await file.writeFile(chunk);
    }
    await file.sync();
    await file.close();
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
  return { path, size, sha256: hash.digest('hex') };
}
