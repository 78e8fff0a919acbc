import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { temporaryDirectory } from '@headrace/testing';
import { describe, expect, it } from 'vitest';
import { createObjectStore, objectStoreConfigOf, type ObjectStoreConfig } from '../create-object-store.js';
import { describeObjectStore } from '../testing/object-store.contract.js';
import { openFileObjectStore } from './file-object-store.js';

const content = Buffer.from('content');

describeObjectStore('FileObjectStore', () => {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-objects-'));
  return Promise.resolve({
    open: () => openFileObjectStore(directory),
    damage: async (key) => {
      const path = realpathSync(join(directory, 'keys', key));
      const stored = readFileSync(path);
      stored.writeUInt8(stored.readUInt8(0) ^ 1, 0);
      writeFileSync(path, stored);
    },
    dispose: async () => {
      rmSync(directory, { recursive: true, force: true });
    },
  });
});

describe('FileObjectStore', () => {
  it('lets other tools read an object as a plain file under its key', async () => {
    const directory = temporaryDirectory();
    const store = await openFileObjectStore(directory);
    await store.put('lake/date=2026-11-23/part-0.parquet', content);
    expect(readFileSync(join(directory, 'keys/lake/date=2026-11-23/part-0.parquet'))).toEqual(content);
  });

  it('leaves nothing behind when objects are replaced, refused and deleted', async () => {
    const directory = temporaryDirectory();
    const store = await openFileObjectStore(directory);
    for (let turn = 0; turn < 5; turn += 1) await store.put('a', Buffer.from(`${turn}`));
    await expect(store.put('a', content, { ifAbsent: true })).rejects.toThrow();
    expect(readdirSync(join(directory, 'blobs'))).toHaveLength(1);
    await store.delete('a');
    expect(readdirSync(join(directory, 'blobs'))).toEqual([]);
  });

  it('says so when a key is a directory of other keys', async () => {
    const store = await openFileObjectStore(temporaryDirectory());
    await store.put('a', content);
    await expect(store.put('a/b', content)).rejects.toMatchObject({ code: 'OBJECT_KEY_CONFLICT' });
    await store.put('c/d', content);
    await expect(store.put('c', content)).rejects.toMatchObject({ code: 'OBJECT_KEY_CONFLICT' });
    expect(await store.head('c')).toBeUndefined();
  });

  it('does not follow a link that somebody put there', async () => {
    const directory = temporaryDirectory();
    const store = await openFileObjectStore(directory);
    symlinkSync('/etc/hostname', join(directory, 'keys', 'a'));
    await expect(store.get('a')).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' });
  });

  it('refuses a newer format, and a directory of something else', async () => {
    const newer = temporaryDirectory();
    await openFileObjectStore(newer);
    writeFileSync(join(newer, 'format.json'), '{"format":"headrace-objects","version":2}');
    await expect(openFileObjectStore(newer)).rejects.toMatchObject({
      code: 'OBJECT_STORE_FORMAT_UNSUPPORTED',
    });
    const other = temporaryDirectory();
    writeFileSync(join(other, 'format.json'), 'not json');
    await expect(openFileObjectStore(other)).rejects.toMatchObject({
      code: 'OBJECT_STORE_FORMAT_UNSUPPORTED',
    });
  });

  it('says why it is unavailable when its directory cannot be made', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    await expect(openFileObjectStore(join(file, 'objects'))).rejects.toMatchObject({
      code: 'OBJECT_STORE_UNAVAILABLE',
      retryable: true,
    });
  });
});

describe('createObjectStore', () => {
  it('reads a file URL and an S3 URL', () => {
    expect(objectStoreConfigOf(pathToFileURL('/var/my data').href)).toEqual({
      driver: 'filesystem',
      directory: '/var/my data',
    });
    expect(objectStoreConfigOf('s3://bucket/some/prefix/', { endpoint: 'http://127.0.0.1:1' })).toEqual({
      driver: 's3',
      bucket: 'bucket',
      prefix: 'some/prefix',
      endpoint: 'http://127.0.0.1:1',
    });
  });

  it.each(['http://a/b', 'not a url', 's3:///prefix', 'file://host/path'])('refuses the URL %s', (url) => {
    expect(() => objectStoreConfigOf(url)).toThrow(/names no object store/);
  });

  it('refuses an unknown driver', async () => {
    await expect(createObjectStore({ driver: 'ftp' } as unknown as ObjectStoreConfig)).rejects.toMatchObject({
      code: 'OBJECT_STORE_CONFIG_INVALID',
      kind: 'invalid',
    });
  });
});
