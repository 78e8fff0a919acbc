import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describeWithServers, eventually, freePort } from '@headrace/testing';
import { expect, it } from 'vitest';
import { describeCache } from '../testing/cache.contract.js';
import { openRedisCache } from './redis-cache.js';

const value = Buffer.from('value');

describeWithServers(['redis'], 'RedisCache on a real server', (variable) => {
  describeCache('RedisCache', () => {
    const keyPrefix = `test-${randomUUID()}:`;
    const open = () => openRedisCache(variable('HEADRACE_TEST_CACHE_URL'), { keyPrefix });
    return Promise.resolve({
      open,
      dispose: async () => {
        const cache = await open();
        const keys: string[] = [];
        for await (const key of cache.keys('')) keys.push(key);
        await cache.delete(keys);
        await cache.close();
      },
    });
  });

  it('keeps installations with different prefixes apart', async () => {
    const url = variable('HEADRACE_TEST_CACHE_URL');
    const [one, two] = [randomUUID(), randomUUID()];
    const first = await openRedisCache(url, { keyPrefix: one });
    const second = await openRedisCache(url, { keyPrefix: two });
    await first.set({ key: 'a', value, ttlMs: 60_000 });
    expect(await second.get('a')).toBeUndefined();
    await first.close();
    await second.close();
  });

  it('rejects with a reason while the server is down, and recovers by itself', async () => {
    const port = await freePort();
    const cache = await openRedisCache(`redis://127.0.0.1:${port}`);
    await expect(cache.get('a')).rejects.toMatchObject({ code: 'CACHE_UNAVAILABLE', retryable: true });
    await expect(cache.check()).rejects.toThrow(/ECONNREFUSED/);
    const server = await startRedis(port);
    await eventually(() => cache.set({ key: 'a', value }));
    server.kill('SIGKILL');
    await once(server, 'exit');
    await expect(cache.setMany([{ key: 'a', value }])).rejects.toMatchObject({ retryable: true });
    const again = await startRedis(port);
    await eventually(() => cache.check());
    await cache.close();
    again.kill('SIGKILL');
  });
});

it('gives up on a server that accepts and never answers', async () => {
  const server = createServer(() => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cache = await openRedisCache(`redis://127.0.0.1:${port}`, { timeoutMs: 150 });
  await expect(cache.get('a')).rejects.toMatchObject({ code: 'CACHE_UNAVAILABLE', retryable: true });
  await cache.close();
  server.close();
});

async function startRedis(port: number) {
  const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '']);
  await eventually(
    () =>
      new Promise<void>((resolve, reject) => {
        server.stdout.once('data', () => resolve());
        server.once('error', reject);
      }),
  );
  return server;
}
