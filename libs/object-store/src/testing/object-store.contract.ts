import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ObjectStore, type StoredObject } from '../object-store.js';

/** An adapter under test, with a way around it to the stored bytes. */
export interface ObjectStoreUnderTest {
  open(): Promise<ObjectStore>;
  /** Changes the stored bytes behind the adapter's back, without changing their number. */
  damage(key: string): Promise<void>;
  dispose(): Promise<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array): string => new TextDecoder().decode(content);
const sha256 = (content: Uint8Array): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;

const escaping = [
  '',
  '/',
  '/etc/passwd',
  '..',
  '../a',
  'a/../b',
  'a/..',
  './a',
  'a/.',
  'a//b',
  'a/',
  'a\\b',
  'a\0b',
  '%2e%2e%2fa',
  '%252e%252e%252fa',
  'a b',
  'ä',
  '\u202egnp.exe',
  'C:/a',
  'k'.repeat(201),
  `${'k/'.repeat(5_000)}k`,
];

/** Every guarantee that the port's comment gives. */
export function describeObjectStore(name: string, setUp: () => Promise<ObjectStoreUnderTest>): void {
  describe(`${name} keeps the promises of an object store`, () => {
    let under: ObjectStoreUnderTest;
    let store: ObjectStore;

    beforeEach(async () => {
      under = await setUp();
      store = await under.open();
    });

    afterEach(async () => {
      await store.close();
      await under.dispose();
    });

    it('returns what was put, with size and digest', async () => {
      const content = bytes('hello');
      const stored = await store.put('models/a/model.onnx', content);
      expect(stored).toMatchObject({ key: 'models/a/model.onnx', size: 5, digest: sha256(content) });
      expect(text(await store.get('models/a/model.onnx'))).toBe('hello');
      expect(await store.head('models/a/model.onnx')).toEqual(stored);
    });

    it('keeps an empty object', async () => {
      await store.put('empty', new Uint8Array());
      expect(await store.get('empty')).toHaveLength(0);
      expect(await store.head('empty')).toMatchObject({ size: 0, digest: sha256(new Uint8Array()) });
    });

    it('says that an object is missing', async () => {
      expect(await store.head('missing')).toBeUndefined();
      await expect(store.get('missing')).rejects.toMatchObject({
        code: 'OBJECT_NOT_FOUND',
        kind: 'not-found',
      });
      await expect(store.getStream('missing')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    });

    it('replaces an object by the next put', async () => {
      await store.put('a', bytes('one'));
      await store.put('a', bytes('second'));
      expect(text(await store.get('a'))).toBe('second');
      expect(await all(store, '')).toHaveLength(1);
    });

    it('gives the second writer a conflict when only an absent object may be written', async () => {
      await store.put('a', bytes('one'), { ifAbsent: true });
      await expect(store.put('a', bytes('two'), { ifAbsent: true })).rejects.toMatchObject({
        code: 'OBJECT_EXISTS',
        kind: 'conflict',
      });
      expect(text(await store.get('a'))).toBe('one');
    });

    it('lets one of many concurrent writers of an absent object win', async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, (_, writer) => store.put('lock', bytes(`${writer}`), { ifAbsent: true })),
      );
      const winners = outcomes.flatMap(({ status }, writer) => (status === 'fulfilled' ? [writer] : []));
      expect(winners).toHaveLength(1);
      expect(text(await store.get('lock'))).toBe(`${winners[0]}`);
    });

    it('shows a reader one whole object or the other while it is replaced', async () => {
      const contents = ['a', 'b'].map((letter) => bytes(letter.repeat(200_000)));
      await store.put('big', contents[0]!);
      const writing = (async () => {
        for (let turn = 0; turn < 15; turn += 1) await store.put('big', contents[turn % 2]!);
      })();
      for (let turn = 0; turn < 15; turn += 1) {
        const seen = await store.get('big');
        expect(seen).toHaveLength(200_000);
        expect(new Set(seen).size).toBe(1);
      }
      await writing;
    });

    it('shows nothing of a stream that failed', async () => {
      async function* failing(): AsyncIterable<Uint8Array> {
        yield bytes('half');
        throw new Error('the producer died');
      }
      await expect(store.putStream('half', failing())).rejects.toThrow('the producer died');
      expect(await store.head('half')).toBeUndefined();
      expect(await all(store, '')).toEqual([]);
    });

    it('never returns damaged bytes', async () => {
      await store.put('a', bytes('precious'));
      await under.damage('a');
      await expect(store.get('a')).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' });
      await expect(read(await store.getStream('a'))).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' });
    });

    it('carries an object of many parts through streams', async () => {
      const chunk = randomBytes(1024 * 1024);
      const hash = createHash('sha256');
      async function* megabytes(): AsyncIterable<Uint8Array> {
        for (let turn = 0; turn < 13; turn += 1) {
          hash.update(chunk);
          yield chunk;
        }
      }
      const stored = await store.putStream('big.bin', megabytes());
      const digest = `sha256:${hash.digest('hex')}`;
      expect(stored).toMatchObject({ size: 13 * 1024 * 1024, digest });
      expect(sha256(await read(await store.getStream('big.bin')))).toBe(digest);
    });

    it.each(escaping)('refuses the key %j everywhere', async (key) => {
      const refused = { code: 'OBJECT_KEY_INVALID', kind: 'invalid' };
      await expect(store.put(key, bytes('x'))).rejects.toMatchObject(refused);
      await expect(store.putStream(key, one('x'))).rejects.toMatchObject(refused);
      await expect(store.get(key)).rejects.toMatchObject(refused);
      await expect(store.getStream(key)).rejects.toMatchObject(refused);
      await expect(store.head(key)).rejects.toMatchObject(refused);
      await expect(store.delete(key)).rejects.toMatchObject(refused);
    });

    it('refuses a prefix that leaves the root', async () => {
      for (const prefix of ['../', '/', 'a//', '..']) {
        await expect(all(store, prefix)).rejects.toMatchObject({ code: 'OBJECT_KEY_INVALID' });
      }
    });

    it('lists by prefix, in order of the keys, with size and digest', async () => {
      const keys = ['b', 'a/2', 'a/10', 'a-1', 'a.1', 'a/b/c', 'a0', 'A', 'a=1/x'];
      for (const key of keys) await store.put(key, bytes(key));
      const listed = await all(store, '');
      expect(listed.map(({ key }) => key)).toEqual([...keys].sort());
      expect(
        listed.every(({ key, size, digest }) => size === key.length && digest === sha256(bytes(key))),
      ).toBe(true);
      expect((await all(store, 'a/')).map(({ key }) => key)).toEqual(['a/10', 'a/2', 'a/b/c']);
      expect((await all(store, 'a')).map(({ key }) => key)).toEqual(
        keys.filter((key) => key.startsWith('a')).sort(),
      );
      expect((await all(store, 'a/b')).map(({ key }) => key)).toEqual(['a/b/c']);
      expect(await all(store, 'missing/')).toEqual([]);
    });

    it('lists more objects than one page holds', async () => {
      const keys = Array.from({ length: 1_050 }, (_, index) => `many/${String(index).padStart(5, '0')}`);
      for (let from = 0; from < keys.length; from += 50) {
        await Promise.all(keys.slice(from, from + 50).map((key) => store.put(key, bytes(key))));
      }
      expect((await all(store, 'many/')).map(({ key }) => key)).toEqual(keys);
    });

    it('deletes, and deleting a missing one is not an error', async () => {
      await store.put('a', bytes('x'));
      await store.delete('a');
      await store.delete('a');
      expect(await store.head('a')).toBeUndefined();
      await expect(store.get('a')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    });

    it('keeps objects over a restart', async () => {
      await store.put('a', bytes('x'));
      await store.close();
      store = await under.open();
      expect(text(await store.get('a'))).toBe('x');
      await store.check();
    });

    it('closes twice and says that it is closed', async () => {
      await store.close();
      await store.close();
      await expect(store.get('a')).rejects.toMatchObject({ code: 'OBJECT_STORE_CLOSED' });
    });
  });
}

async function all(store: ObjectStore, prefix: string): Promise<readonly StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const object of store.list(prefix)) objects.push(object);
  return objects;
}

async function read(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* one(content: string): AsyncIterable<Uint8Array> {
  yield bytes(content);
}
