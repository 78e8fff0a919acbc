import { readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FakeClock, temporaryDirectory } from '@headrace/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type IncomingRecord } from '../event-bus.js';
import { openEmbeddedEventBus } from './embedded-event-bus.js';

const topic = { name: 'notes', partitions: 1, retentionDays: undefined, cleanup: 'delete' } as const;

async function filled(directory: string): Promise<void> {
  const bus = await openEmbeddedEventBus(directory);
  await bus.provision([topic]);
  for (let round = 0; round < 20; round++) {
    await bus.append(
      Array.from({ length: 50 }, (_, index) => ({
        topic: 'notes',
        key: 'k',
        value: Buffer.alloc(500, `note ${round}/${index} `),
        headers: {},
      })),
    );
  }
  await bus.close();
}

/** The older of LMDB's two meta pages says that three pages are enough; the newer one, which is read by, needs one more than there is. */
function cutBehindTheOlderCommit(log: string): void {
  const bytes = readFileSync(log);
  const pageSize = bytes.readUInt32LE(48);
  const lastPageAt = [144, pageSize + 144] as const;
  const [first, second] = lastPageAt.map((at) => bytes.readBigUInt64LE(at)) as [bigint, bigint];
  bytes.writeBigUInt64LE(3n, first > second ? lastPageAt[1] : lastPageAt[0]);
  writeFileSync(log, bytes.subarray(0, Number(first > second ? first : second) * pageSize));
}

describe('the data directory', () => {
  it('is refused while another bus holds it, with the holder and what to do', async () => {
    const directory = temporaryDirectory();
    const bus = await openEmbeddedEventBus(directory);
    onTestFinished(() => bus.close());
    await expect(openEmbeddedEventBus(directory)).rejects.toMatchObject({
      code: 'MESSAGING_DATA_DIRECTORY_IN_USE',
      kind: 'conflict',
      message: expect.stringContaining(`process ${process.pid}`) as string,
    });
  });

  it('is free again after close', async () => {
    const directory = temporaryDirectory();
    await (await openEmbeddedEventBus(directory)).close();
    await (await openEmbeddedEventBus(directory)).close();
    expect(
      readdirSync(directory).filter((name) => name.startsWith('lock') && name !== 'log.mdb-lock'),
    ).toEqual([]);
  });

  it('of another format is refused', async () => {
    const directory = temporaryDirectory();
    await filled(directory);
    writeFileSync(join(directory, 'format.json'), '{"format":"headrace-log","version":99}');
    await expect(openEmbeddedEventBus(directory)).rejects.toMatchObject({
      code: 'MESSAGING_DATA_FORMAT_UNSUPPORTED',
    });
  });

  it('that was cut off, overwritten or tampered with is refused and left as it is', async () => {
    const damages: readonly ((log: string) => void)[] = [
      (log) => truncateSync(log, Math.floor(statSync(log).size / 2)),
      (log) => truncateSync(log, 100),
      cutBehindTheOlderCommit,
      (log) => writeFileSync(log, Buffer.alloc(100_000, 'garbage')),
      (log) => writeFileSync(join(log, '..', 'format.json'), '{'),
    ];
    for (const damage of damages) {
      const directory = temporaryDirectory();
      await filled(directory);
      damage(join(directory, 'log.mdb'));
      const before = statSync(join(directory, 'log.mdb')).size;
      await expect(openEmbeddedEventBus(directory)).rejects.toMatchObject({ code: 'MESSAGING_DATA_CORRUPT' });
      expect(statSync(join(directory, 'log.mdb')).size).toBe(before);
    }
  });

  it('with a flipped bit in a record tells which one when it is read', async () => {
    const directory = temporaryDirectory();
    await filled(directory);
    const path = join(directory, 'log.mdb');
    const bytes = readFileSync(path);
    // Pages of older commits lie in the file too: every copy is hit.
    for (let at = bytes.indexOf('note 3/7 '); at >= 0; at = bytes.indexOf('note 3/7 ', at + 1)) {
      bytes[at] = 0x4e;
    }
    writeFileSync(path, bytes);
    const bus = await openEmbeddedEventBus(directory);
    onTestFinished(() => bus.close());
    const read = async (): Promise<IncomingRecord[]> => {
      const records: IncomingRecord[] = [];
      for await (const record of bus.read('notes')) records.push(record);
      return records;
    };
    await expect(read()).rejects.toMatchObject({
      code: 'MESSAGING_DATA_CORRUPT',
      message: expect.stringContaining('notes/0/157') as string,
    });
  });
});

describe('retention', () => {
  it('removes what is older than its days; offsets go on and a group behind begins at the oldest left', async () => {
    const clock = new FakeClock();
    const directory = temporaryDirectory();
    const bus = await openEmbeddedEventBus(directory, { clock });
    await bus.provision([{ ...topic, retentionDays: 1 }]);
    const append = (text: string): Promise<unknown> =>
      bus.append([{ topic: 'notes', key: 'k', value: Buffer.from(text), headers: {} }]);
    await append('old');
    clock.advance(90_000_000);
    await append('new');
    expect(await bus.clean()).toBe(1);
    await expect(bus.recordAt({ topic: 'notes', partition: 0, offset: 0n })).resolves.toBeUndefined();
    clock.advance(90_000_000);
    expect(await bus.clean()).toBe(1);
    await bus.close();
    const again = await openEmbeddedEventBus(directory, { clock });
    onTestFinished(() => again.close());
    await expect(
      again.append([{ topic: 'notes', key: 'k', value: Buffer.from('newest'), headers: {} }]),
    ).resolves.toMatchObject([{ offset: 2n }]);
    expect(await again.positions('nobody', ['notes'])).toMatchObject([{ end: 3n, lag: 1n }]);
  });
});
