import { FakeClock, freePort } from '@headrace/testing';
import { expect, it } from 'vitest';
import { openDatabase } from './open-database.js';

const schema = { name: 'unreachable', entities: [], migrations: [] };
const clock = new FakeClock();

it('waits for a server that is down, says so without the password, and gives up in the end', async () => {
  const url = `postgres://headrace:secret@127.0.0.1:${await freePort()}/headrace`;
  const said: string[] = [];
  const opening = openDatabase({
    url,
    schema,
    clock,
    source: 'test',
    // Two more tries at least, also when the first takes a busy second.
    connectTimeoutMs: 3_000,
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
