import { createServer, type AddressInfo } from 'node:net';
import { FakeClock } from '@headrace/testing';
import { expect, it } from 'vitest';
import { openDatabase } from './open-database.js';

const schema = { name: 'unreachable', entities: [], migrations: [] };
const clock = new FakeClock();

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it('waits for a server that is down, says so without the password, and gives up in the end', async () => {
  const url = `postgres://headrace:secret@127.0.0.1:${await closedPort()}/headrace`;
  const said: string[] = [];
  const opening = openDatabase({
    url,
    schema,
    clock,
    source: 'test',
    connectTimeoutMs: 600,
    onWaiting: (message) => said.push(message),
  });
  await expect(opening).rejects.toMatchObject({
    code: 'DATABASE_UNAVAILABLE',
    kind: 'unavailable',
    retryable: true,
  });
  expect(said.length).toBeGreaterThan(0);
  expect(said[0]).toContain('/headrace cannot be reached');
  expect(said.join('\n')).not.toContain('secret');
});
