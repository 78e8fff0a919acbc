import { type Database } from '@headrace/database';
import { digestOf, newId, type Clock } from '@headrace/kernel';
import { type ObjectStore } from '@headrace/object-store';
import {
  ArtifactStore,
  type ArtifactEntry,
  type ListedFile,
  type StoredFile,
} from '../../application/ports.js';
import { normalizeArtifactPath } from '../../domain/artifact-path.js';
import { ArtifactDamagedError, ArtifactTooLargeError, NotFoundError } from '../../domain/registry-errors.js';

interface EntryRow {
  readonly path: string;
  readonly digest: string;
  readonly object_key: string;
  readonly size: string;
}

/** Smaller artifacts are hashed in memory and written once, without a staging object. */
const maxBytesInMemory = 8 * 1024 * 1024;

/**
 * Maps paths to objects in the database; objects are keyed by the digest of their content, so equal bytes share one.
 * Paths never become object keys: a path can reach nothing but its own row.
 */
export class ContentAddressedArtifactStore extends ArtifactStore {
  constructor(
    private readonly database: Database,
    private readonly objects: ObjectStore,
    private readonly clock: Clock,
    private readonly maxBytes: number,
  ) {
    super();
  }

  async put(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const normalized = normalizeArtifactPath(path);
    const { key, digest, size } = await this.store(content);
    await this.database.manager.query(
      `INSERT INTO registry.artifact (path, digest, object_key, size, created_ms) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (path) DO UPDATE SET digest = excluded.digest, object_key = excluded.object_key,
         size = excluded.size, created_ms = excluded.created_ms`,
      [normalized, digest, key, size, this.clock.now().getTime()],
    );
  }

  async open(path: string): Promise<{ entry: ArtifactEntry; content: AsyncIterable<Uint8Array> }> {
    const normalized = normalizeArtifactPath(path);
    const [row] = await this.queryEntries('path = $1', [normalized]);
    if (row === undefined) throw new NotFoundError('artifact', normalized);
    return { entry: row, content: await this.objects.getStream(row.objectKey) };
  }

  async list(path: string): Promise<readonly ListedFile[]> {
    const normalized = normalizeArtifactPath(path);
    const rows = await this.database.manager.query<{ name: string; leaf: boolean; size: string }[]>(
      `SELECT split_part(substr(path, length($1) + 2), '/', 1) AS name,
         bool_and(position('/' IN substr(path, length($1) + 2)) = 0) AS leaf, sum(size)::text AS size
       FROM registry.artifact WHERE path >= $1 || '/' AND path < $1 || '0' GROUP BY 1 ORDER BY 1`,
      [normalized],
    );
    return rows.map(({ name, leaf, size }) => ({
      name,
      isDirectory: !leaf,
      size: leaf ? Number(size) : undefined,
    }));
  }

  async remove(path: string): Promise<void> {
    const normalized = normalizeArtifactPath(path);
    await this.database.manager.query(
      `DELETE FROM registry.artifact WHERE path = $1 OR (path >= $1 || '/' AND path < $1 || '0')`,
      [normalized],
    );
  }

  listBelow(path: string): Promise<readonly ArtifactEntry[]> {
    return this.queryEntries(`path = $1 OR (path >= $1 || '/' AND path < $1 || '0')`, [
      normalizeArtifactPath(path),
    ]);
  }

  async readContent({ key, digest }: StoredFile): Promise<Uint8Array> {
    const bytes = await this.objects.get(key);
    if (digestOf(bytes) !== digest) {
      throw new ArtifactDamagedError(
        `Object ${key} holds ${digestOf(bytes)} instead of ${digest}; restore it`,
      );
    }
    return bytes;
  }

  private async queryEntries(condition: string, parameters: unknown[]): Promise<readonly ArtifactEntry[]> {
    const rows = await this.database.manager.query<EntryRow[]>(
      `SELECT path, digest, object_key, size FROM registry.artifact WHERE ${condition} ORDER BY path`,
      parameters,
    );
    return rows.map(({ path, digest, object_key, size }) => ({
      path,
      digest,
      objectKey: object_key,
      size: Number(size),
    }));
  }

  private async store(
    content: AsyncIterable<Uint8Array>,
  ): Promise<{ key: string; digest: string; size: number }> {
    const iterator = this.limitSize(content)[Symbol.asyncIterator]();
    const head: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const { done, value } = await iterator.next();
      if (done === true) {
        const bytes = Buffer.concat(head);
        const digest = digestOf(bytes);
        return { key: await this.putOnce(digest, bytes), digest, size };
      }
      head.push(value);
      size += value.byteLength;
      if (size > maxBytesInMemory) break;
    }
    const rest = { [Symbol.asyncIterator]: () => iterator };
    const staged = await this.objects.putStream(
      `registry/staging/${newId(this.clock.now())}`,
      concat(head, rest),
    );
    try {
      const key = toObjectKey(staged.digest);
      if ((await this.objects.head(key)) === undefined) {
        await this.objects.putStream(key, await this.objects.getStream(staged.key));
      }
      return { key, digest: staged.digest, size: staged.size };
    } finally {
      await this.objects.delete(staged.key);
    }
  }

  private async putOnce(digest: string, bytes: Uint8Array): Promise<string> {
    const key = toObjectKey(digest);
    if ((await this.objects.head(key)) === undefined) await this.objects.put(key, bytes);
    return key;
  }

  private async *limitSize(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    let size = 0;
    for await (const chunk of content) {
      size += chunk.byteLength;
      if (size > this.maxBytes) throw new ArtifactTooLargeError(this.maxBytes);
      yield chunk;
    }
  }
}

function toObjectKey(digest: string): string {
  const hex = digest.slice('sha256:'.length);
  return `registry/sha256/${hex.slice(0, 2)}/${hex}`;
}

async function* concat(
  head: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  yield* head;
  yield* rest;
}
