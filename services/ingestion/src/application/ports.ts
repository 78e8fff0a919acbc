import { type ReadingAccepted, type PayloadOf } from '@headrace/contracts';

/** Stores archived readings. */
export abstract class Lake {
  /** By partition, the first offset that is not archived yet. */
  abstract mark(): Promise<ReadonlyMap<number, bigint>>;
  abstract setMark(offsets: ReadonlyMap<number, bigint>): Promise<void>;
  /** Replaces a file with the same partition and first offset. */
  abstract put(partition: number, firstOffset: bigint, parquet: Uint8Array): Promise<void>;
}

export abstract class ParquetWriter {
  abstract write(readings: readonly PayloadOf<typeof ReadingAccepted>[]): Promise<Uint8Array>;
}

/** Produces readings inside the service. Ends when the signal aborts. */
export abstract class ReadingSource {
  abstract readonly name: string;
  /** Number of past readings that are delivered before live ones; undefined until it is known. */
  historyReadings: number | undefined = undefined;
  abstract batches(signal: AbortSignal): AsyncIterable<readonly unknown[]>;
}
