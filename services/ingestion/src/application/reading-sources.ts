import { type ReadingSource } from './ports.js';

export interface SourceProgress {
  readonly name: string;
  /** Accepted or quarantined since this start. */
  readonly readings: number;
  readonly historyReadings: number | undefined;
}

/** The configured sources and how far each has come. */
export class ReadingSources {
  private readonly delivered = new Map<ReadingSource, number>();

  constructor(readonly all: readonly ReadingSource[]) {}

  countDelivered(source: ReadingSource, readings: number): void {
    this.delivered.set(source, (this.delivered.get(source) ?? 0) + readings);
  }

  progress(): readonly SourceProgress[] {
    return this.all.map((source) => ({
      name: source.name,
      readings: this.delivered.get(source) ?? 0,
      historyReadings: source.historyReadings,
    }));
  }
}
