import 'reflect-metadata';
import { SystemClock } from '@headrace/kernel';
import { openDatabase, type DatabaseLocation } from '../open-database.js';
import { openPglite } from '../pglite/open-pglite.js';
import { aliasEvent, counterSchema, Counter } from './counter-schema.js';

/**
 * A process of its own that counts up, one transaction and one event a step, and prints each number once it is committed.
 * Tests kill it with SIGKILL. Arguments: schema name, then `url` or `directory`, then where.
 */
const [name = '', kind, where = ''] = process.argv.slice(2);
const location: DatabaseLocation = kind === 'url' ? { url: where } : { pglite: await openPglite(where) };
const database = await openDatabase({
  ...location,
  schema: counterSchema(name),
  clock: new SystemClock(),
  source: 'test',
});
for (;;) {
  const value = await database.transaction(async (transaction) => {
    await transaction.manager.increment(Counter, { id: 1 }, 'value', 1);
    const counter = await transaction.manager.findOneByOrFail(Counter, { id: 1 });
    await transaction.claim('count', `event-${counter.value}`);
    await transaction.emit(aliasEvent(`fact-${counter.value}`));
    return counter.value;
  });
  process.stdout.write(`${value}\n`);
}
