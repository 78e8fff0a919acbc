import { Injectable } from '@nestjs/common';
import { type Accepted, AcceptReadings } from './accept-readings.js';
import { ListQuarantine, type QuarantineQuery } from './list-quarantine.js';

/**
 * Judges quarantined readings again, after a rule has changed. What is accepted now names its quarantine entry as its
 * cause.
 */
@Injectable()
export class RedriveQuarantine {
  constructor(
    private readonly list: ListQuarantine,
    private readonly accept: AcceptReadings,
  ) {}

  async execute(query: QuarantineQuery): Promise<Accepted> {
    const entries = await this.list.execute(query);
    return this.accept.execute(
      entries.map(({ reading }) => ({ content: reading })),
      entries.map(({ quarantineId }) => quarantineId),
    );
  }
}
