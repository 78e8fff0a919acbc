import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  type GetObjectCommandOutput,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { AppError, describeError } from '@headrace/kernel';
import { ObjectStore, type StoredObject } from '../object-store.js';
import {
  ObjectCorruptError,
  ObjectExistsError,
  ObjectNotFoundError,
  ObjectStoreClosedError,
  ObjectStoreRefusedError,
  ObjectStoreUnavailableError,
} from '../object-store-errors.js';
import { checkKey, checkPrefix } from '../object-key.js';
import { spool } from '../spool.js';
import { verifyDigest } from '../verify-digest.js';

export interface S3Config {
  readonly bucket: string;
  /** Put before every key, without slashes at its ends; empty: the whole bucket. */
  readonly prefix?: string | undefined;
  /** Undefined: AWS itself. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Undefined: the SDK's own chain (environment, profile, role). */
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  /** `http://host/bucket/key` instead of `http://bucket.host/key`. Default: true with an endpoint of one's own. */
  readonly forcePathStyle?: boolean | undefined;
  /** A server that does not answer within this time counts as down. Default 10 s. */
  readonly timeoutMs?: number | undefined;
  /** Size from which `putStream` sends parts, and of each part. At least 5 MiB, default 8 MiB. */
  readonly partBytes?: number | undefined;
  /** Where `putStream` collects a stream. Default: the system's directory for temporary files. */
  readonly spoolDirectory?: string | undefined;
}

const digestField = 'headrace-sha256';
const headsAtOnce = 16;

/**
 * Objects in a bucket of S3 or of a server that speaks its API. Each object carries the SHA-256 of its content in its
 * metadata; an object that others put there without it is refused as damaged. `putStream` collects the stream in a local
 * file first, because the metadata of a multi-part upload must be known before its first byte.
 */
export function openS3ObjectStore(config: S3Config): S3ObjectStore {
  const timeoutMs = config.timeoutMs ?? 10_000;
  const { accessKeyId, secretAccessKey } = config;
  const client = new S3Client({
    region: config.region ?? 'us-east-1',
    forcePathStyle: config.forcePathStyle ?? config.endpoint !== undefined,
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: Math.min(timeoutMs, 3_000),
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
    },
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey } }),
  });
  return new S3ObjectStore(client, config);
}

export class S3ObjectStore extends ObjectStore {
  private readonly root: string;
  private readonly partBytes: number;
  private closed = false;

  constructor(
    private readonly client: S3Client,
    private readonly config: S3Config,
  ) {
    super();
    const prefix = config.prefix ?? '';
    this.root = prefix === '' ? '' : `${checkKey(prefix)}/`;
    this.partBytes = Math.max(5 * 1024 * 1024, config.partBytes ?? 8 * 1024 * 1024);
  }

  async put(
    key: string,
    content: Uint8Array,
    options: { readonly ifAbsent?: boolean } = {},
  ): Promise<StoredObject> {
    this.assertOpen();
    const sha256 = createHash('sha256').update(content).digest();
    const sent = new PutObjectCommand({
      ...this.place(key),
      Body: content,
      ContentLength: content.byteLength,
      ChecksumSHA256: sha256.toString('base64'),
      Metadata: { [digestField]: sha256.toString('hex') },
      ...(options.ifAbsent === true ? { IfNoneMatch: '*' } : {}),
    });
    await this.ask(key, () => this.client.send(sent));
    return this.stored(key);
  }

  async putStream(key: string, content: AsyncIterable<Uint8Array>): Promise<StoredObject> {
    this.assertOpen();
    const place = this.place(key);
    const { path, sha256 } = await spool(this.config.spoolDirectory ?? tmpdir(), content);
    try {
      const upload = new Upload({
        client: this.client,
        params: {
          ...place,
          Body: createReadStream(path),
          ChecksumAlgorithm: 'SHA256',
          Metadata: { [digestField]: sha256 },
        },
        partSize: this.partBytes,
        queueSize: 2,
        leavePartsOnError: false,
      });
      await this.ask(key, () => upload.done());
    } finally {
      await rm(path, { force: true });
    }
    return this.stored(key);
  }

  async get(key: string): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of await this.getStream(key)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async getStream(key: string): Promise<AsyncIterable<Uint8Array>> {
    this.assertOpen();
    const place = this.place(key);
    const answer = await this.ask(key, () => this.client.send(new GetObjectCommand(place)));
    const expected = { key, size: answer.ContentLength ?? 0, sha256: sha256Of(key, answer) };
    return verifyDigest(expected, this.bytesOf(key, answer));
  }

  async head(key: string): Promise<StoredObject | undefined> {
    this.assertOpen();
    const place = this.place(key);
    try {
      return toStoredObject(key, await this.ask(key, () => this.client.send(new HeadObjectCommand(place))));
    } catch (error) {
      if (error instanceof ObjectNotFoundError) return undefined;
      throw error;
    }
  }

  /** A listing carries no metadata, so each object is asked for its digest, some at a time. */
  async *list(prefix: string): AsyncIterable<StoredObject> {
    this.assertOpen();
    const Prefix = this.root + checkPrefix(prefix);
    let ContinuationToken: string | undefined;
    do {
      const page = await this.ask(prefix, () =>
        this.client.send(new ListObjectsV2Command({ Bucket: this.config.bucket, Prefix, ContinuationToken })),
      );
      const keys = (page.Contents ?? []).flatMap(({ Key }) =>
        Key === undefined || Key.endsWith('/') ? [] : [Key.slice(this.root.length)],
      );
      for (let from = 0; from < keys.length; from += headsAtOnce) {
        const objects = await Promise.all(keys.slice(from, from + headsAtOnce).map((key) => this.head(key)));
        for (const object of objects) if (object !== undefined) yield object;
      }
      ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
  }

  async delete(key: string): Promise<void> {
    this.assertOpen();
    const place = this.place(key);
    try {
      await this.ask(key, () => this.client.send(new DeleteObjectCommand(place)));
    } catch (error) {
      if (!(error instanceof ObjectNotFoundError)) throw error;
    }
  }

  async check(): Promise<void> {
    this.assertOpen();
    await this.ask('', () => this.client.send(new HeadBucketCommand({ Bucket: this.config.bucket })));
  }

  close(): Promise<void> {
    if (!this.closed) this.client.destroy();
    this.closed = true;
    return Promise.resolve();
  }

  private assertOpen(): void {
    if (this.closed) throw new ObjectStoreClosedError();
  }

  private place(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.config.bucket, Key: this.root + checkKey(key) };
  }

  private async stored(key: string): Promise<StoredObject> {
    const object = await this.head(key);
    if (object === undefined) throw new ObjectNotFoundError(key);
    return object;
  }

  private async *bytesOf(key: string, { Body }: GetObjectCommandOutput): AsyncIterable<Uint8Array> {
    if (Body === undefined) return;
    try {
      for await (const chunk of Body as unknown as AsyncIterable<Uint8Array>) yield chunk;
    } catch (error) {
      throw this.translate(key, error);
    }
  }

  private async ask<T>(key: string, command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (error) {
      throw this.translate(key, error);
    }
  }

  private translate(key: string, error: unknown): AppError {
    if (error instanceof AppError) return error;
    const where = `Bucket ${this.config.bucket}${this.config.endpoint === undefined ? '' : ` at ${this.config.endpoint}`}`;
    const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
    const name = error instanceof Error ? error.name : '';
    if (status === 412) return new ObjectExistsError(key);
    if (name === 'NoSuchBucket' || (status === 404 && key === '')) {
      return new ObjectStoreRefusedError(`${where} does not exist; create it, or name another one`, {
        cause: error,
      });
    }
    if (status === 404) return new ObjectNotFoundError(key);
    if (/checksum/i.test(describeError(error)) && status === undefined) {
      return new ObjectCorruptError(key, describeError(error));
    }
    const refused =
      status !== undefined && status >= 400 && status < 500 && ![408, 409, 425, 429].includes(status);
    if (refused) {
      return new ObjectStoreRefusedError(`${where} refused with ${status} ${name}: ${describeError(error)}`, {
        cause: error,
      });
    }
    const why = `${name === 'Error' ? '' : `${name} `}${describeError(error)}`;
    return new ObjectStoreUnavailableError(`${where} cannot be used now (${why})`, { cause: error });
  }
}

function sha256Of(
  key: string,
  { Metadata }: { readonly Metadata?: Record<string, string> | undefined },
): string {
  const sha256 = Metadata?.[digestField];
  if (sha256 === undefined) {
    throw new ObjectCorruptError(key, 'it was stored without its SHA-256, by something else');
  }
  return sha256;
}

function toStoredObject(key: string, answer: HeadObjectCommandOutput): StoredObject {
  return {
    key,
    size: answer.ContentLength ?? 0,
    digest: `sha256:${sha256Of(key, answer)}`,
    modifiedAt: answer.LastModified ?? new Date(0),
  };
}
