import { type Accepted, type AcceptReadings } from './accept-readings.js';
import { type ListQuarantine, type QuarantineQuery } from './list-quarantine.js';

/** Judges quarantined readings again, after a rule was changed. What is accepted now keeps its cause. */
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
