import { randomUUID } from 'node:crypto';
import { createReadStream, readdirSync } from 'node:fs';
import {
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { checkFormat } from '@headrace/embedded-storage';
import { describeError } from '@headrace/kernel';
import { ObjectStore, type StoredObject } from '../object-store.js';
import {
  ObjectCorruptError,
  ObjectExistsError,
  ObjectKeyConflictError,
  ObjectNotFoundError,
  ObjectStoreClosedError,
  ObjectStoreFormatUnsupportedError,
  ObjectStoreUnavailableError,
} from '../object-store-errors.js';
import { checkKey, checkPrefix } from '../object-key.js';
import { spool, type Spooled } from '../spool.js';
import { verifyDigest } from '../verify-digest.js';

const formatVersion = 1;
const blobName = /^([0-9a-f]{64})-(\d+)-[0-9a-f-]{36}$/;

interface Blob {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

/**
 * Objects as files: `keys/<key>` is a symbolic link to `blobs/<sha256>-<size>-<id>`. The link is put in place in one
 * step, so a reader sees one whole object and the checksum that belongs to it, and `ifAbsent` is decided by the file
 * system, also between processes. Other tools read `keys/...` as plain files.
 *
 * It needs a file system with symbolic links, and refuses an object whose key is a directory of another key. A crash in
 * the middle of a `put` leaves an unreferenced blob, never half an object. Several processes may share the directory.
 */
export async function openFileObjectStore(directory: string): Promise<FileObjectStore> {
  try {
    await mkdir(join(directory, 'keys'), { recursive: true });
    await mkdir(join(directory, 'blobs'), { recursive: true });
  } catch (error) {
    throw new ObjectStoreUnavailableError(`${directory} cannot be used (${describeError(error)})`, {
      cause: error,
    });
  }
  const unsupported = (message: string) => new ObjectStoreFormatUnsupportedError(message);
  checkFormat(
    directory,
    {
      name: 'headrace-objects',
      version: formatVersion,
      contents: 'objects',
      hasData: () => readdirSync(join(directory, 'keys')).length > 0,
    },
    { corrupt: unsupported, unsupported },
  );
  return new FileObjectStore(directory);
}

export class FileObjectStore extends ObjectStore {
  private readonly keysRoot: string;
  private readonly blobsRoot: string;
  private closed = false;

  constructor(private readonly directory: string) {
    super();
    this.keysRoot = join(directory, 'keys');
    this.blobsRoot = join(directory, 'blobs');
  }

  put(
    key: string,
    content: Uint8Array,
    options: { readonly ifAbsent?: boolean } = {},
  ): Promise<StoredObject> {
    return this.store(key, chunksOf(content), options.ifAbsent === true);
  }

  putStream(key: string, content: AsyncIterable<Uint8Array>): Promise<StoredObject> {
    return this.store(key, content, false);
  }

  async get(key: string): Promise<Uint8Array> {
    const { blob, content } = await this.withBlob(key, async (found) => ({
      blob: found,
      content: await readFile(found.path),
    }));
    for await (const _chunk of verifyDigest({ key, ...blob }, chunksOf(content)));
    return content;
  }

  async getStream(key: string): Promise<AsyncIterable<Uint8Array>> {
    const { blob, file } = await this.withBlob(key, async (found) => ({
      blob: found,
      file: await open(found.path, 'r'),
    }));
    return verifyDigest({ key, ...blob }, createReadStream('', { fd: file, highWaterMark: 1024 * 1024 }));
  }

  async head(key: string): Promise<StoredObject | undefined> {
    this.assertOpen();
    const blob = await this.resolve(checkKey(key));
    return blob === undefined ? undefined : this.describe(key, blob);
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    this.assertOpen();
    checkPrefix(prefix);
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    yield* this.walk(folder, prefix);
  }

  async delete(key: string): Promise<void> {
    this.assertOpen();
    const blob = await this.resolve(checkKey(key));
    if (blob === undefined) return;
    await this.guarded(async () => {
      await rm(join(this.keysRoot, key), { force: true });
      await rm(blob.path, { force: true });
    });
  }

  async check(): Promise<void> {
    this.assertOpen();
    const probe = join(this.blobsRoot, `check-${randomUUID()}`);
    await this.guarded(async () => {
      await writeFile(probe, '');
      await rm(probe, { force: true });
    });
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  private async store(
    key: string,
    content: AsyncIterable<Uint8Array>,
    ifAbsent: boolean,
  ): Promise<StoredObject> {
    this.assertOpen();
    checkKey(key);
    if (ifAbsent && (await this.resolve(key)) !== undefined) throw new ObjectExistsError(key);
    const spooled = await this.spoolContent(content);
    const blob = {
      ...spooled,
      path: join(this.blobsRoot, `${spooled.sha256}-${spooled.size}-${randomUUID()}`),
    };
    await this.guarded(() => rename(spooled.path, blob.path));
    try {
      if (ifAbsent) await this.linkNew(key, blob);
      else await this.linkOver(key, blob);
    } catch (error) {
      await rm(blob.path, { force: true });
      throw error;
    }
    return this.describe(key, blob);
  }

  private async spoolContent(content: AsyncIterable<Uint8Array>): Promise<Spooled> {
    try {
      return await spool(this.blobsRoot, content);
    } catch (error) {
      // What the caller's own stream threw stays what it is.
      throw isErrno(error) ? this.unavailable(error) : error;
    }
  }

  private async linkNew(key: string, blob: Blob): Promise<void> {
    const place = join(this.keysRoot, key);
    try {
      await this.guarded(async () => {
        await mkdir(dirname(place), { recursive: true });
        await symlink(relative(dirname(place), blob.path), place);
        await syncDirectory(dirname(place));
      }, key);
    } catch (error) {
      if (causeCode(error) === 'EEXIST') throw new ObjectExistsError(key);
      throw error;
    }
  }

  private async linkOver(key: string, blob: Blob): Promise<void> {
    const replaced = await this.resolve(key);
    const place = join(this.keysRoot, key);
    const draft = join(this.blobsRoot, `link-${randomUUID()}`);
    await this.guarded(async () => {
      await mkdir(dirname(place), { recursive: true });
      await symlink(relative(dirname(place), blob.path), draft);
      try {
        await rename(draft, place);
      } finally {
        await rm(draft, { force: true });
      }
      await syncDirectory(dirname(place));
      if (replaced !== undefined) await rm(replaced.path, { force: true });
    }, key);
  }

  /** Between reading the link and opening the blob another writer may have replaced both: then it is looked up again. */
  private async withBlob<T>(key: string, use: (blob: Blob) => Promise<T>): Promise<T> {
    this.assertOpen();
    checkKey(key);
    for (let attempt = 0; ; attempt += 1) {
      const blob = await this.resolve(key);
      if (blob === undefined) throw new ObjectNotFoundError(key);
      try {
        return await use(blob);
      } catch (error) {
        if (!isErrno(error, 'ENOENT')) throw this.unavailable(error);
        const now = await this.resolve(key);
        if (now?.path === blob.path || attempt >= 20) throw new ObjectCorruptError(key, 'its bytes are gone');
      }
    }
  }

  private async resolve(key: string): Promise<Blob | undefined> {
    let target: string;
    try {
      target = await readlink(join(this.keysRoot, key));
    } catch (error) {
      // EINVAL: a directory, so keys lie below it.
      if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR') || isErrno(error, 'EINVAL')) return undefined;
      throw this.unavailable(error);
    }
    const name = basename(target);
    const [, sha256, size] = blobName.exec(name) ?? [];
    if (sha256 === undefined) throw new ObjectCorruptError(key, `it links to ${target}, which is not a blob`);
    return { path: join(this.blobsRoot, name), sha256, size: Number(size) };
  }

  private async describe(key: string, { path, sha256, size }: Blob): Promise<StoredObject> {
    try {
      const { mtime } = await stat(path);
      return { key, size, digest: `sha256:${sha256}`, modifiedAt: mtime };
    } catch (error) {
      if (isErrno(error, 'ENOENT')) throw new ObjectCorruptError(key, 'its bytes are gone');
      throw this.unavailable(error);
    }
  }

  /** Directories sort as their name with a slash, so that the whole comes in order of the keys. */
  private async *walk(folder: string, prefix: string): AsyncIterable<StoredObject> {
    const entries = await this.readEntries(folder);
    const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
    for (const name of names.sort((a, b) => (a < b ? -1 : 1))) {
      const key = folder + name;
      if (key.endsWith('/')) {
        if (key.startsWith(prefix) || prefix.startsWith(key)) yield* this.walk(key, prefix);
      } else if (key.startsWith(prefix)) {
        const blob = await this.resolve(key);
        if (blob === undefined) continue;
        const object = await this.describeListed(key, blob);
        if (object !== undefined) yield object;
      }
    }
  }

  private async describeListed(key: string, blob: Blob): Promise<StoredObject | undefined> {
    try {
      return await this.describe(key, blob);
    } catch (error) {
      // Replaced or deleted since its name was read.
      if (error instanceof ObjectCorruptError && (await this.resolve(key))?.path !== blob.path) {
        return this.head(key);
      }
      throw error;
    }
  }

  private async readEntries(folder: string): Promise<readonly { name: string; isDirectory(): boolean }[]> {
    try {
      return await readdir(join(this.keysRoot, folder), { withFileTypes: true });
    } catch (error) {
      if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return [];
      throw this.unavailable(error);
    }
  }

  private assertOpen(): void {
    if (this.closed) throw new ObjectStoreClosedError();
  }

  private async guarded<T>(operation: () => Promise<T>, key?: string): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      if (key !== undefined && (isErrno(error, 'ENOTDIR') || isErrno(error, 'EISDIR'))) {
        throw new ObjectKeyConflictError(key);
      }
      if (key !== undefined && isErrno(error, 'EEXIST') && 'syscall' in error && error.syscall === 'mkdir') {
        throw new ObjectKeyConflictError(key);
      }
      throw this.unavailable(error);
    }
  }

  private unavailable(error: unknown): ObjectStoreUnavailableError {
    return new ObjectStoreUnavailableError(`${this.directory} cannot be used now (${describeError(error)})`, {
      cause: error,
    });
  }
}

async function* chunksOf(content: Uint8Array): AsyncIterable<Uint8Array> {
  await Promise.resolve();
  yield content;
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function isErrno(error: unknown, code?: string): error is NodeJS.ErrnoException {
  return (
    error instanceof Error &&
    'errno' in error &&
    'code' in error &&
    (code === undefined || error.code === code)
  );
}

function causeCode(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}
