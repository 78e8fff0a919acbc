import { fileURLToPath } from 'node:url';
import { openFileObjectStore } from './filesystem/file-object-store.js';
import { type ObjectStore } from './object-store.js';
import { ObjectStoreConfigError } from './object-store-errors.js';
import { openS3ObjectStore, type S3Config } from './s3/s3-object-store.js';

export type ObjectStoreConfig =
  { readonly driver: 'filesystem'; readonly directory: string } | ({ readonly driver: 's3' } & S3Config);

/**
 * `file:///path` or `s3://bucket/prefix`; what a URL cannot say about S3 comes beside it.
 *
 * @internal for specs
 */
export function objectStoreConfigOf(
  url: string,
  s3: Omit<S3Config, 'bucket' | 'prefix'> = {},
): ObjectStoreConfig {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'file:' && parsed.hostname === '') {
    return { driver: 'filesystem', directory: fileURLToPath(parsed) };
  }
  if (parsed?.protocol === 's3:' && parsed.hostname !== '') {
    const prefix = decodeURIComponent(parsed.pathname).replaceAll(/^\/+|\/+$/g, '');
    return { ...s3, driver: 's3', bucket: parsed.hostname, prefix };
  }
  throw new ObjectStoreConfigError(
    `${JSON.stringify(url)} names no object store; use file:///path or s3://bucket/prefix`,
  );
}

/** The object store that the configuration names. It never falls back to another one. */
export async function createObjectStore(config: ObjectStoreConfig): Promise<ObjectStore> {
  switch (config.driver) {
    case 'filesystem':
      return openFileObjectStore(config.directory);
    case 's3':
      return openS3ObjectStore(config);
    default:
      throw new ObjectStoreConfigError(
        `Object store driver ${JSON.stringify((config as { readonly driver: string }).driver)} does not exist; use filesystem or s3`,
      );
  }
}
