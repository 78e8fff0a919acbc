import { ReadingQuarantined, type PayloadOf } from '@headrace/contracts';
import { EventBus, replay } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';

export interface QuarantineQuery {
  readonly since: Date;
  readonly systemId?: string | undefined;
  readonly limit: number;
}

export type Quarantined = PayloadOf<typeof ReadingQuarantined>;

/**
 * The newest entries of the quarantine, newest first. The log itself is the quarantine; repeats of a reading are listed
 * once.
 */
@Injectable()
export class ListQuarantine {
  constructor(private readonly bus: EventBus) {}

  async execute({ since, systemId, limit }: QuarantineQuery): Promise<readonly Quarantined[]> {
    const found = new Map<string, Quarantined>();
    for await (const { payload } of replay(this.bus, ReadingQuarantined, { time: since })) {
      if (systemId !== undefined && payload.systemId !== systemId) continue;
      found.delete(payload.quarantineId);
      found.set(payload.quarantineId, payload);
      // Partitions come one after the other, so more than `limit` entries are kept until the end, within a bound.
      if (found.size > 10_000) found.delete(findOldest(found));
    }
    return [...found.values()].sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1)).slice(0, limit);
  }
}

function findOldest(found: ReadonlyMap<string, Quarantined>): string {
  for (const key of found.keys()) return key;
  return '';
}
