import { ReadingAccepted, type PayloadOf } from '@headrace/contracts';
import { EventBus, replay } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { Lake, ParquetWriter } from './ports.js';

const rowsPerFile = 100_000;

/**
 * Copies accepted readings from the log to the lake as Parquet. A file is named after the offset of its first record,
 * and the mark of progress is written after the files: a crash in between writes the same file again, not its rows
 * twice.
 */
@Injectable()
export class ArchiveReadings {
  constructor(
    private readonly bus: EventBus,
    private readonly lake: Lake,
    private readonly parquet: ParquetWriter,
  ) {}

  /** Returns how many readings it wrote. */
  async execute(): Promise<number> {
    const offsets = new Map(await this.lake.mark());
    const partitions = await this.bus.partitionCount(ReadingAccepted.topic);
    for (let partition = 0; partition < partitions; partition += 1) {
      if (!offsets.has(partition)) offsets.set(partition, 0n);
    }
    const rows = new Map<
      number,
      { first: bigint; next: bigint; rows: PayloadOf<typeof ReadingAccepted>[] }
    >();
    let written = 0;
    const store = async (partition: number): Promise<void> => {
      const pending = rows.get(partition);
      if (pending === undefined) return;
      rows.delete(partition);
      await this.lake.put(partition, pending.first, await this.parquet.write(pending.rows));
      offsets.set(partition, pending.next);
      await this.lake.setMark(offsets);
      written += pending.rows.length;
    };
    for await (const { payload, position } of replay(this.bus, ReadingAccepted, {
      offsets: new Map(offsets),
    })) {
      let pending = rows.get(position.partition);
      // Only between two records, because the mark counts records, not the events in them.
      if (pending !== undefined && pending.rows.length >= rowsPerFile && pending.next <= position.offset) {
        await store(position.partition);
        pending = undefined;
      }
      if (pending === undefined) {
        pending = { first: position.offset, next: position.offset + 1n, rows: [] };
        rows.set(position.partition, pending);
      }
      pending.rows.push(payload);
      pending.next = position.offset + 1n;
    }
    for (const partition of [...rows.keys()]) await store(partition);
    return written;
  }
}
