import 'reflect-metadata';
import { AliasChanged } from '@headrace/contracts';
import { openEmbeddedEventBus, replay, topicSpecsOf } from '@headrace/messaging';
import { eventually, FakeClock, temporaryDirectory } from '@headrace/testing';
import { Entity, PrimaryColumn, type MigrationInterface, type QueryRunner } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { type Database, type DatabaseSchema } from '../database.js';
import { openDatabase, revertMigrations, type DatabaseLocation } from '../open-database.js';
import { aliasEvent, Counter, counterSchema, CreateCounter } from './counter-schema.js';

@Entity({ name: 'counter' })
class OtherCounter {
  @PrimaryColumn({ type: 'text' })
  title!: string;
}

class CreateOtherCounter implements MigrationInterface {
  readonly name = 'create-other-counter';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE counter (title text PRIMARY KEY)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE counter');
  }
}

const clock = new FakeClock();

/** Both places that a service can keep its rows in must pass this. */
export function describeDatabase(place: string, location: () => DatabaseLocation): void {
  describe(`a database on ${place}`, () => {
    const opened: { database: Database; schema: string }[] = [];

    async function open(schema: DatabaseSchema = counterSchema()) {
      const database = await openDatabase({ ...location(), schema, clock, source: 'test' });
      opened.push({ database, schema: schema.name });
      return database;
    }

    afterEach(async () => {
      for (const { database, schema } of opened.splice(0)) {
        await database.manager.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
        await database.close();
      }
    });

    const increment = (database: Database) =>
      database.transaction(async ({ manager }) => {
        const counter = await manager.findOneOrFail(Counter, {
          where: { id: 1 },
          lock: { mode: 'pessimistic_write' },
        });
        counter.value += 1;
        await manager.save(counter);
      });
    const valueOf = async (database: Database) =>
      (await database.manager.findOneByOrFail(Counter, { id: 1 })).value;

    it('loses no update of transactions that want the same row at the same time', async () => {
      const database = await open();
      await Promise.all(Array.from({ length: 24 }, () => increment(database)));
      expect(await valueOf(database)).toBe(24);
    });

    it('keeps two transactions of two openings apart', async () => {
      const schema = counterSchema();
      const [one, two] = await Promise.all([open(schema), open(schema)]);
      await Promise.all(Array.from({ length: 10 }, (_, index) => increment(index % 2 === 0 ? one : two)));
      expect(await valueOf(two)).toBe(10);
    });

    it('shows nothing of a transaction that failed', async () => {
      const database = await open();
      const seen: Promise<number>[] = [];
      const failing = database.transaction(async ({ manager }) => {
        await manager.update(Counter, { id: 1 }, { value: 99 });
        throw new Error('changed my mind');
      });
      seen.push(valueOf(database));
      await expect(failing).rejects.toThrow('changed my mind');
      seen.push(valueOf(database));
      expect(await Promise.all(seen)).toEqual([0, 0]);
    });

    it('gives each connection its own answers while others wait behind a transaction', async () => {
      const database = await open();
      const schemas = await Promise.all(Array.from({ length: 4 }, () => open()));
      const transactions = (async () => {
        for (let round = 0; round < 40; round += 1) await increment(database);
      })();
      const wrong: unknown[] = [];
      await Promise.all(
        schemas.flatMap((other, index) =>
          Array.from({ length: 60 }, async (_, round) => {
            const rows = await other.manager.query<{ a: number }[]>(
              `SELECT $1::int + ${index * 1_000} AS a`,
              [round],
            );
            if (rows[0]?.a !== round + index * 1_000) wrong.push([index, round, rows]);
          }),
        ),
      );
      await transactions;
      expect(wrong).toEqual([]);
      expect(await valueOf(database)).toBe(40);
    });

    it('calls a second row of the same key a conflict', async () => {
      const database = await open();
      const inserting = database.transaction(({ manager }) => manager.insert(Counter, { id: 1, value: 5 }));
      await expect(inserting).rejects.toMatchObject({
        code: 'DATABASE_CONFLICT',
        kind: 'conflict',
        constraint: 'counter_pkey',
        retryable: false,
      });
      await expect(database.manager.insert(Counter, { id: 1, value: 5 })).rejects.toMatchObject({
        kind: 'conflict',
      });
    });

    it('calls a row that points nowhere a conflict', async () => {
      const database = await open();
      const inserting = database.transaction(({ manager }) =>
        manager.query('INSERT INTO reading VALUES (77)'),
      );
      await expect(inserting).rejects.toMatchObject({ code: 'DATABASE_CONFLICT', sqlState: '23503' });
    });

    it('works on after a statement failed inside a transaction', async () => {
      const database = await open();
      await expect(
        database.transaction(({ manager }) => manager.query('SELECT * FROM nowhere')),
      ).rejects.toThrow('nowhere');
      await increment(database);
      expect(await valueOf(database)).toBe(1);
    });

    it('refuses statements that go past the transaction they are inside of', async () => {
      const database = await open();
      await expect(database.transaction(() => valueOf(database))).rejects.toMatchObject({
        code: 'DATABASE_TRANSACTION_MISUSED',
      });
      await expect(database.transaction(() => increment(database))).rejects.toMatchObject({
        code: 'DATABASE_TRANSACTION_MISUSED',
      });
      expect(await valueOf(database)).toBe(0);
    });

    it('gives a lease to one at a time, and again when it is returned', async () => {
      const schema = counterSchema();
      const [one, two] = await Promise.all([open(schema), open(schema)]);
      const gate = latch();
      const taken = latch();
      const first = one.withLease('sweep', async () => {
        taken.open();
        await gate.opened;
        return 'first';
      });
      await taken.opened;
      expect(await two.withLease('sweep', async () => 'second')).toBeUndefined();
      expect(await one.withLease('sweep', async () => 'third')).toBeUndefined();
      expect(await two.withLease('another', async () => 'other')).toBe('other');
      gate.open();
      expect(await first).toBe('first');
      expect(await two.withLease('sweep', async () => 'second')).toBe('second');
    });

    it('returns a lease when the work under it fails', async () => {
      const database = await open();
      await expect(
        database.withLease('sweep', async () => {
          throw new Error('broken');
        }),
      ).rejects.toThrow('broken');
      expect(await database.withLease('sweep', async () => 'again')).toBe('again');
    });

    it('allows transactions under a lease', async () => {
      const database = await open();
      await database.withLease('sweep', () => increment(database));
      expect(await valueOf(database)).toBe(1);
    });

    it('migrates once when several open at the same time', async () => {
      const schema = counterSchema();
      const databases = await Promise.all([open(schema), open(schema), open(schema)]);
      const rows = await databases[0].manager.query<{ name: string }[]>(
        `SELECT name FROM ${schema.name}.headrace_migrations ORDER BY position`,
      );
      expect(rows.map(({ name }) => name)).toEqual([
        'headrace-own-tables-1',
        'create-counter',
        'create-reading',
      ]);
    });

    it('takes migrations back and runs them again', async () => {
      const schema = counterSchema();
      await (await open(schema)).close();
      opened.length = 0;
      expect(await revertMigrations({ ...location(), schema, count: 2 })).toEqual([
        'create-reading',
        'create-counter',
      ]);
      const database = await open(schema);
      expect(await valueOf(database)).toBe(0);
      await database.transaction(({ manager }) => manager.query('INSERT INTO reading VALUES (1)'));
    });

    it('leaves the schema untouched when a migration fails', async () => {
      class Broken implements MigrationInterface {
        readonly name = 'broken';

        async up(runner: QueryRunner): Promise<void> {
          await runner.query('CREATE TABLE half (id int)');
          await runner.query('CREATE TABLE broken (');
        }

        down(): Promise<void> {
          return Promise.resolve();
        }
      }
      const schema = counterSchema();
      await open(schema);
      const broken = { ...schema, migrations: [...schema.migrations, Broken] };
      await expect(openDatabase({ ...location(), schema: broken, clock, source: 'test' })).rejects.toThrow(
        'syntax error',
      );
      const database = await open(schema);
      await database.transaction(({ manager }) => manager.query('CREATE TABLE half (id int)'));
    });

    it('refuses tables that a newer release made', async () => {
      const schema = counterSchema();
      await open(schema);
      const older = { ...schema, migrations: [CreateCounter] };
      await expect(
        openDatabase({ ...location(), schema: older, clock, source: 'test' }),
      ).rejects.toMatchObject({
        code: 'DATABASE_TOO_NEW',
        message: expect.stringContaining('create-reading') as string,
      });
    });

    it('keeps services of one process apart, also when their tables have one name', async () => {
      const other: DatabaseSchema = {
        name: `${counterSchema().name}_other`,
        entities: [OtherCounter],
        migrations: [CreateOtherCounter],
      };
      const [mine, theirs] = await Promise.all([open(), open(other)]);
      await theirs.manager.insert(OtherCounter, { title: 'theirs' });
      await mine.transaction(({ manager }) => manager.query('UPDATE counter SET value = 3'));
      expect(await valueOf(mine)).toBe(3);
      expect(await theirs.manager.find(OtherCounter)).toEqual([{ title: 'theirs' }]);
      expect(() => mine.manager.getRepository(OtherCounter).metadata).toThrow('OtherCounter');
    });

    it('stores state, events and the mark of the inbox together or not at all', async () => {
      const database = await open();
      const handle = (eventId: string, fail: boolean) =>
        database.transaction(async (transaction) => {
          if (!(await transaction.claim('count', eventId))) return 'seen';
          await transaction.manager.increment(Counter, { id: 1 }, 'value', 1);
          await transaction.emit(aliasEvent(`of-${eventId}`));
          if (fail) throw new Error('crashed');
          return 'done';
        });
      await expect(handle('event-1', true)).rejects.toThrow('crashed');
      expect(await database.outbox.pending(10)).toEqual([]);
      expect(await handle('event-1', false)).toBe('done');
      expect(await handle('event-1', false)).toBe('seen');
      expect(await valueOf(database)).toBe(1);
      expect((await database.outbox.pending(10)).map(({ fact }) => fact.id)).toEqual(['of-event-1']);
    });

    it('answers firstTime to exactly one of several at the same time, and to each handler', async () => {
      const database = await open();
      const first = (handler: string) =>
        database.transaction((transaction) => transaction.claim(handler, 'event-1'));
      const answers = await Promise.all(Array.from({ length: 8 }, () => first('one')));
      expect(answers.filter((answer) => answer)).toHaveLength(1);
      expect(await first('two')).toBe(true);
    });

    it('fails the transaction that emits an event which does not fit its schema', async () => {
      const database = await open();
      const broken = aliasEvent('x');
      await expect(
        database.transaction((transaction) =>
          transaction.emit({ ...broken, event: { ...broken.event, payload: { modelName: '' } } }),
        ),
      ).rejects.toMatchObject({ kind: 'invalid' });
    });

    it('hands the outbox over in the order of the statements, page by page, until marked', async () => {
      const database = await open();
      await database.transaction((transaction) =>
        transaction.emit(aliasEvent('a'), aliasEvent('b'), aliasEvent('c')),
      );
      await database.transaction((transaction) => transaction.emit(aliasEvent('d')));
      const page = await database.outbox.pending(2);
      const rest = await database.outbox.pending(10, page.at(-1)?.sequence);
      expect([...page, ...rest].map(({ fact }) => fact.id)).toEqual(['a', 'b', 'c', 'd']);
      await database.outbox.markPublished(page.map(({ sequence }) => sequence));
      await database.outbox.markPublished(page.map(({ sequence }) => sequence));
      expect((await database.outbox.pending(10)).map(({ fact }) => fact.id)).toEqual(['c', 'd']);
    });

    it('publishes what an earlier process left behind, then what is committed, in order and once', async () => {
      // The topic is compacted, and this test needs every event.
      const bus = await openEmbeddedEventBus(temporaryDirectory(), { cleanEveryMs: 3_600_000 });
      await bus.provision(topicSpecsOf([AliasChanged]));
      const published = async () => {
        const ids: string[] = [];
        for await (const event of replay(bus, AliasChanged)) ids.push(event.id);
        return ids;
      };
      const schema = counterSchema();
      const before = await open(schema);
      await before.transaction((transaction) => transaction.emit(aliasEvent('left-1'), aliasEvent('left-2')));
      const database = await openDatabase({
        ...location(),
        schema,
        clock,
        source: 'registry',
        bus,
      });
      opened.push({ database, schema: schema.name });
      await eventually(async () => {
        expect(await database.outbox.pending(10)).toEqual([]);
      });
      expect(await published()).toEqual(['left-1', 'left-2']);
      await Promise.all(
        ['a', 'b', 'c'].map((id) => database.transaction((transaction) => transaction.emit(aliasEvent(id)))),
      );
      await eventually(async () => {
        expect(await database.outbox.pending(10)).toEqual([]);
      });
      expect((await published()).slice(2).sort()).toEqual(['a', 'b', 'c']);
      const failing = database.transaction(async (transaction) => {
        await transaction.emit(aliasEvent('never'));
        throw new Error('rolled back');
      });
      await expect(failing).rejects.toThrow('rolled back');
      await database.transaction((transaction) => transaction.emit(aliasEvent('last')));
      await database.close();
      expect((await published()).slice(5)).toEqual(['last']);
      opened.pop();
      await bus.close();
    });

    it('answers check while it is open and rejects it afterwards', async () => {
      const database = await open();
      await expect(database.check()).resolves.toBeUndefined();
      await database.manager.query(`DROP SCHEMA ${opened[0]?.schema ?? ''} CASCADE`);
      opened.length = 0;
      await database.close();
      await database.close();
      await expect(database.check()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    });

    it('waits for running transactions when it closes', async () => {
      const schema = counterSchema();
      const database = await open(schema);
      const gate = latch();
      const running = database.transaction(async ({ manager }) => {
        await gate.opened;
        await manager.update(Counter, { id: 1 }, { value: 7 });
      });
      const closed = database.close();
      gate.open();
      await running;
      await closed;
      opened.length = 0;
      const again = await open(schema);
      await eventually(async () => {
        expect(await valueOf(again)).toBe(7);
      });
    });
  });
}

function latch(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
