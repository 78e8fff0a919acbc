import { eventually } from '@headrace/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Cache } from '../cache.js';

/** An adapter under test: `open` opens the same empty store again and again. */
export interface CacheUnderTest {
  open(): Promise<Cache>;
  dispose(): Promise<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value);

/** Every guarantee that the port's comment gives. */
export function describeCache(name: string, setUp: () => Promise<CacheUnderTest>): void {
  describe(`${name} keeps the promises of a cache`, () => {
    let store: CacheUnderTest;
    let cache: Cache;

    beforeEach(async () => {
      store = await setUp();
      cache = await store.open();
    });

    afterEach(async () => {
      await cache.close();
      await store.dispose();
    });

    it('returns what was set, with its age', async () => {
      await cache.set({ key: 'a', value: bytes('one') });
      const stored = await cache.get('a');
      expect(text(stored?.value)).toBe('one');
      expect(stored?.ageMs).toBeGreaterThanOrEqual(0);
      expect(stored?.ageMs).toBeLessThan(60_000);
    });

    it('grows older with time', async () => {
      await cache.set({ key: 'a', value: bytes('one') });
      await eventually(async () => expect((await cache.get('a'))?.ageMs).toBeGreaterThan(20));
    });

    it('answers undefined for a missing key', async () => {
      expect(await cache.get('missing')).toBeUndefined();
    });

    it('answers many keys in the order of the keys, missing ones undefined, repeated ones repeated', async () => {
      await cache.setMany([
        { key: 'a', value: bytes('1') },
        { key: 'b', value: bytes('2') },
      ]);
      const found = await cache.getMany(['b', 'missing', 'a', 'b']);
      expect(found.map((each) => text(each?.value))).toEqual(['2', undefined, '1', '2']);
      expect(await cache.getMany([])).toEqual([]);
      await cache.setMany([]);
    });

    it('carries every byte, also none', async () => {
      const all = Uint8Array.from({ length: 256 }, (_, index) => index);
      await cache.setMany([
        { key: 'all', value: all },
        { key: 'none', value: new Uint8Array() },
        { key: 'snowman ☃ \u202e', value: bytes('x') },
      ]);
      expect(Uint8Array.from((await cache.get('all'))?.value ?? [])).toEqual(all);
      expect((await cache.get('none'))?.value).toHaveLength(0);
      expect(text((await cache.get('snowman ☃ \u202e'))?.value)).toBe('x');
    });

    it('keeps its own copy of what it was given and of what it gave', async () => {
      const given = bytes('one');
      await cache.set({ key: 'a', value: given });
      given[0] = 0;
      const first = await cache.get('a');
      first!.value[0] = 0;
      expect(text((await cache.get('a'))?.value)).toBe('one');
    });

    it('never returns a value after its TTL (feast#1802)', async () => {
      await cache.set({ key: 'short', value: bytes('x'), ttlMs: 60 });
      await cache.set({ key: 'long', value: bytes('y'), ttlMs: 600_000 });
      await eventually(async () => expect(await cache.get('short')).toBeUndefined());
      const [short, long] = await cache.getMany(['short', 'long']);
      expect([short, text(long?.value)]).toEqual([undefined, 'y']);
      expect(await keysOf(cache, '')).toEqual(['long']);
    });

    it('lets a later write without a TTL outlive the TTL of an earlier one', async () => {
      await cache.set({ key: 'a', value: bytes('x'), ttlMs: 40 });
      await cache.set({ key: 'a', value: bytes('y') });
      await cache.set({ key: 'probe', value: bytes('z'), ttlMs: 80 });
      await eventually(async () => expect(await cache.get('probe')).toBeUndefined());
      expect(text((await cache.get('a'))?.value)).toBe('y');
    });

    it('changes the version with every write, also of an equal value', async () => {
      const versions = new Set<string | undefined>();
      for (let time = 0; time < 5; time += 1) {
        await cache.set({ key: 'a', value: bytes('same') });
        versions.add((await cache.get('a'))?.version);
      }
      expect(versions.size).toBe(5);
    });

    it('replaces only the expected version', async () => {
      await cache.set({ key: 'a', value: bytes('1') });
      const { version } = (await cache.get('a'))!;
      expect(await cache.compareAndSet({ key: 'a', value: bytes('2') }, version)).toBe(true);
      expect(await cache.compareAndSet({ key: 'a', value: bytes('3') }, version)).toBe(false);
      expect(await cache.compareAndSet({ key: 'a', value: bytes('3') }, 'no version of ours')).toBe(false);
      expect(await cache.compareAndSet({ key: 'missing', value: bytes('3') }, version)).toBe(false);
      expect(text((await cache.get('a'))?.value)).toBe('2');
    });

    it('sets only if absent when no version is expected, and an expired value is absent', async () => {
      expect(await cache.compareAndSet({ key: 'a', value: bytes('1') }, undefined)).toBe(true);
      expect(await cache.compareAndSet({ key: 'a', value: bytes('2') }, undefined)).toBe(false);
      // A key of its own: whatever a busy machine does in between, this one is there until it has expired.
      expect(await cache.compareAndSet({ key: 'b', value: bytes('1'), ttlMs: 50 }, undefined)).toBe(true);
      await eventually(async () => expect(await cache.get('b')).toBeUndefined());
      expect(await cache.compareAndSet({ key: 'b', value: bytes('3') }, undefined)).toBe(true);
    });

    it('lets one of many concurrent writers win', async () => {
      const wins = await Promise.all(
        Array.from({ length: 20 }, (_, writer) =>
          cache.compareAndSet({ key: 'lease', value: bytes(String(writer)) }, undefined),
        ),
      );
      expect(wins.filter(Boolean)).toHaveLength(1);
    });

    it('shows a reader one whole value or the other', async () => {
      const values = ['a', 'b'].map((letter) => bytes(letter.repeat(50_000)));
      await cache.set({ key: 'big', value: values[0]! });
      const writing = Promise.all(
        Array.from({ length: 20 }, (_, turn) => cache.set({ key: 'big', value: values[turn % 2]! })),
      );
      for (let turn = 0; turn < 20; turn += 1) {
        const seen = text((await cache.get('big'))?.value)!;
        expect(new Set(seen).size).toBe(1);
        expect(seen).toHaveLength(50_000);
      }
      await writing;
    });

    it('deletes, and deleting a missing one is not an error', async () => {
      await cache.set({ key: 'a', value: bytes('1') });
      await cache.delete(['a', 'missing']);
      await cache.delete([]);
      expect(await cache.get('a')).toBeUndefined();
    });

    it('lists keys by prefix, with the characters of patterns taken literally', async () => {
      const keys = ['f:1', 'f:2', 'f*3', 'g:1', 'f[1]', 'f?'];
      await cache.setMany(keys.map((key) => ({ key, value: bytes('x') })));
      expect(await keysOf(cache, 'f:')).toEqual(['f:1', 'f:2']);
      expect(await keysOf(cache, 'f*')).toEqual(['f*3']);
      expect(await keysOf(cache, 'f[')).toEqual(['f[1]']);
      expect(await keysOf(cache, '')).toEqual([...keys].sort());
    });

    it('survives a clean restart, versions and deletions included', async () => {
      await cache.setMany([
        { key: 'a', value: bytes('1') },
        { key: 'b', value: bytes('2'), ttlMs: 600_000 },
        { key: 'c', value: bytes('3') },
      ]);
      await cache.delete(['c']);
      const before = await cache.getMany(['a', 'b']);
      await cache.close();
      cache = await store.open();
      const after = await cache.getMany(['a', 'b', 'c']);
      expect(after.map((each) => text(each?.value))).toEqual(['1', '2', undefined]);
      expect(after.slice(0, 2).map((each) => each?.version)).toEqual(before.map((each) => each?.version));
    });

    it('flushes and checks', async () => {
      await cache.set({ key: 'a', value: bytes('1') });
      await cache.flush();
      await cache.check();
    });

    it('refuses a write that no adapter can keep', async () => {
      for (const write of [
        { key: '', value: bytes('x') },
        { key: 'k'.repeat(1025), value: bytes('x') },
        { key: 'k', value: bytes('x'), ttlMs: 0 },
        { key: 'k', value: bytes('x'), ttlMs: NaN },
      ]) {
        await expect(cache.set(write)).rejects.toMatchObject({ code: 'CACHE_WRITE_INVALID' });
      }
      expect(await keysOf(cache, '')).toEqual([]);
    });

    it('moves ten thousand values at once', async () => {
      const keys = Array.from({ length: 10_000 }, (_, index) => `key-${index}`);
      await cache.setMany(keys.map((key) => ({ key, value: bytes(key) })));
      const found = await cache.getMany(keys);
      expect(found.map((each) => text(each?.value))).toEqual(keys);
      expect(await keysOf(cache, 'key-')).toHaveLength(10_000);
    });

    it('closes twice and says that it is closed', async () => {
      await cache.close();
      await cache.close();
      await expect(cache.get('a')).rejects.toMatchObject({ code: 'CACHE_CLOSED' });
    });
  });
}

async function keysOf(cache: Cache, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const key of cache.keys(prefix)) keys.push(key);
  return keys.sort();
}
