import { temporaryDirectory } from '@headrace/testing';
import { expect, it } from 'vitest';
import { openEmbeddedEventBus } from './embedded-event-bus.js';

it('keeps records over a restart', async () => {
  const directory = temporaryDirectory();
  const first = await openEmbeddedEventBus(directory);
  await first.provision([{ name: 'a', partitions: 2, retentionDays: undefined, cleanup: 'delete' }]);
  await first.append([{ topic: 'a', key: 'k', value: Buffer.from('one'), headers: { h: '1' } }]);
  await first.close();
  const second = await openEmbeddedEventBus(directory);
  const records = [];
  for await (const record of second.read('a')) records.push(record);
  expect(records.map(({ key, value, headers }) => [key, Buffer.from(value).toString(), headers])).toEqual([
    ['k', 'one', { h: '1' }],
  ]);
  await second.close();
});
