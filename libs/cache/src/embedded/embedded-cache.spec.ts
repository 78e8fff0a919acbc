import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FakeClock, temporaryDirectory } from '@headrace/testing';
import { describe, expect, it } from 'vitest';
import { createCache, type CacheConfig } from '../create-cache.js';
import { describeCache } from '../testing/cache.contract.js';
import { openEmbeddedCache } from './embedded-cache.js';

const compiled = fileURLToPath(new URL('../../dist/embedded/embedded-cache.js', import.meta.url));
const value = Buffer.from('value');

/** Another process that opens the directory, runs `body` with its cache, prints `ready`, and then stays. */
async function otherProcess(directory: string, body: string) {
  const script = `
    import { openEmbeddedCache } from ${JSON.stringify(compiled)};
    const cache = await openEmbeddedCache(${JSON.stringify(directory)}, { writeBehindMs: 60000 });
    ${body}
    console.log('ready');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    pid: child.pid,
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describeCache('EmbeddedCache', () => {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-cache-'));
  return Promise.resolve({
    open: () => openEmbeddedCache(directory),
    dispose: async () => {
      rmSync(directory, { recursive: true, force: true });
    },
  });
});

describe('EmbeddedCache', () => {
  it('enforces the TTL by its clock, to the millisecond, also over a restart', async () => {
    const directory = temporaryDirectory();
    const clock = new FakeClock();
    let cache = await openEmbeddedCache(directory, { clock });
    await cache.set({ key: 'a', value, ttlMs: 1_000 });
    clock.advance(999);
    expect((await cache.get('a'))?.ageMs).toBe(999);
    await cache.close();
    cache = await openEmbeddedCache(directory, { clock });
    expect((await cache.get('a'))?.ageMs).toBe(999);
    clock.advance(1);
    expect(await cache.get('a')).toBeUndefined();
    await cache.close();
  });

  it('refuses a directory that another process holds, and takes it over after kill -9 with what was flushed', async () => {
    const directory = temporaryDirectory();
    const other = await otherProcess(
      directory,
      `await cache.set({ key: 'flushed', value: Buffer.from('1') });
       await cache.flush();
       await cache.set({ key: 'not flushed', value: Buffer.from('2') });`,
    );
    await expect(openEmbeddedCache(directory)).rejects.toMatchObject({
      code: 'CACHE_DATA_DIRECTORY_IN_USE',
      holder: { pid: other.pid },
    });
    await other.kill();
    const cache = await openEmbeddedCache(directory);
    expect(Buffer.from((await cache.get('flushed'))?.value ?? []).toString()).toBe('1');
    expect(await cache.get('not flushed')).toBeUndefined();
    await cache.close();
  });

  it('refuses a second opening in the same process', async () => {
    const directory = temporaryDirectory();
    const cache = await openEmbeddedCache(directory);
    await expect(openEmbeddedCache(directory)).rejects.toMatchObject({ code: 'CACHE_DATA_DIRECTORY_IN_USE' });
    await cache.close();
    await (await openEmbeddedCache(directory)).close();
    expect(readdirSync(directory)).not.toContain('lock');
  });

  it('refuses a newer format and leaves it as it is', async () => {
    const directory = temporaryDirectory();
    await (await openEmbeddedCache(directory)).close();
    const path = join(directory, 'format.json');
    const newer = readFileSync(path, 'utf8').replace('1', '2');
    writeFileSync(path, newer);
    await expect(openEmbeddedCache(directory)).rejects.toMatchObject({
      code: 'CACHE_DATA_FORMAT_UNSUPPORTED',
    });
    expect(readFileSync(path, 'utf8')).toBe(newer);
  });

  it('refuses a file that was cut off, instead of dying at the first read', async () => {
    const directory = await filled();
    const path = join(directory, 'cache.lmdb');
    truncateSync(path, 16_384);
    await expect(openEmbeddedCache(directory)).rejects.toMatchObject({ code: 'CACHE_DATA_CORRUPT' });
  });

  it('refuses a damaged value', async () => {
    const directory = await filled();
    const path = join(directory, 'cache.lmdb');
    const content = readFileSync(path);
    const at = content.lastIndexOf('needle');
    content.write('noodle', at);
    writeFileSync(path, content);
    await expect(openEmbeddedCache(directory)).rejects.toMatchObject({ code: 'CACHE_DATA_CORRUPT' });
  });

  it('refuses a directory of something else', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'format.json'), '{"format":"other","version":1}');
    await expect(openEmbeddedCache(directory)).rejects.toMatchObject({ code: 'CACHE_DATA_CORRUPT' });
  });

  it('holds writers back when more waits for the disk than it may', async () => {
    const cache = await openEmbeddedCache(temporaryDirectory(), {
      unwrittenLimitBytes: 1_000,
      writeBehindMs: 600_000,
    });
    for (let turn = 0; turn < 50; turn += 1) await cache.set({ key: `k${turn}`, value: Buffer.alloc(500) });
    await cache.close();
  });
});

it('refuses an unknown driver', async () => {
  await expect(createCache({ driver: 'memcached' } as unknown as CacheConfig)).rejects.toMatchObject({
    code: 'CACHE_DRIVER_UNKNOWN',
    kind: 'invalid',
  });
});

async function filled(): Promise<string> {
  const directory = temporaryDirectory();
  const cache = await openEmbeddedCache(directory);
  await cache.setMany(
    Array.from({ length: 500 }, (_, index) => ({
      key: `k${index}`,
      value: Buffer.from('needle'.repeat(100)),
    })),
  );
  await cache.close();
  return directory;
}
