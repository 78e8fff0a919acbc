import { type ReadingAccepted, type PayloadOf } from '@headrace/contracts';

/** Where archived readings lie. */
export abstract class Lake {
  /** The next offset of each partition that was not archived yet. */
  abstract mark(): Promise<ReadonlyMap<number, bigint>>;
  abstract setMark(offsets: ReadonlyMap<number, bigint>): Promise<void>;
  /** The same partition and first offset again replaces the file. */
  abstract put(partition: number, firstOffset: bigint, parquet: Uint8Array): Promise<void>;
}

export abstract class ParquetWriter {
  abstract write(readings: readonly PayloadOf<typeof ReadingAccepted>[]): Promise<Uint8Array>;
}

/** Something that measures by itself. Ends when the signal aborts. */
export abstract class ReadingSource {
  abstract readonly name: string;
  /** Readings of the past that are delivered before those of the present; undefined until it is known. */
  historyReadings: number | undefined = undefined;
  abstract batches(signal: AbortSignal): AsyncIterable<readonly unknown[]>;
}
