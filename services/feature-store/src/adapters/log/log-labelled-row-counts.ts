import { OutcomeObserved } from '@headrace/contracts';
import { EventBus, replay } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { LabelledRowCounts, type LabelledRows } from '../../application/ports.js';

interface Count {
  rows: number;
  positives: number;
  from: number;
  to: number;
}

// Repeats come soon after the original: a batch that is handled again after a crash.
const maxRememberedIds = 200_000;

/** Counts the outcomes in the log. A call reads on from where the last one ended; the first one reads it all. */
@Injectable()
export class LogLabelledRowCounts extends LabelledRowCounts {
  private readonly counts = new Map<string, Count>();
  private readonly next = new Map<number, bigint>();
  private readonly seen = new Set<string>();
  private reading: Promise<void> = Promise.resolve();

  constructor(private readonly bus: EventBus) {
    super();
  }

  async count(label: string): Promise<LabelledRows> {
    const caughtUp = this.reading.then(() => this.catchUp());
    this.reading = caughtUp.catch(() => undefined);
    await caughtUp;
    const count = this.counts.get(label);
    if (count === undefined) return { rows: 0, positives: 0, from: undefined, to: undefined };
    return { ...count, from: new Date(count.from), to: new Date(count.to) };
  }

  private async catchUp(): Promise<void> {
    for await (const { id, payload, position } of replay(this.bus, OutcomeObserved, { offsets: this.next })) {
      // The last record is read again: its events share one offset, and repeats are recognised.
      this.next.set(position.partition, position.offset);
      if (!this.isNew(id)) continue;
      const time = Date.parse(payload.eventTime);
      const count = this.counts.get(payload.label) ?? { rows: 0, positives: 0, from: time, to: time };
      count.rows += 1;
      if (payload.value > 0) count.positives += 1;
      count.from = Math.min(count.from, time);
      count.to = Math.max(count.to, time);
      this.counts.set(payload.label, count);
    }
  }

  private isNew(id: string): boolean {
    if (this.seen.has(id)) return false;
    this.seen.add(id);
    if (this.seen.size > maxRememberedIds) {
      for (const oldest of this.seen) {
        this.seen.delete(oldest);
        break;
      }
    }
    return true;
  }
}
