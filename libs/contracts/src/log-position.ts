/** Where an event lies in the log: its record, and its index among the events of that record. */
export interface LogPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly index: number;
}

/** A position within one partition. */
export type PartitionPosition = Pick<LogPosition, 'offset' | 'index'>;

/** Whether an event lies at or before the mark. Both must be of the same partition: positions of different ones have no order. */
export function isAtOrBefore(position: PartitionPosition, mark: PartitionPosition): boolean {
  return position.offset < mark.offset || (position.offset === mark.offset && position.index <= mark.index);
}
