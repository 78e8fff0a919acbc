import { type EventDefinition } from '@headrace/contracts';
import { backoffMs, describeError, isAppError, type Closeable } from '@headrace/kernel';
import { noLog, type MessagingLog } from './consumer/messaging-log.js';
import { type EventPublisher } from './events.js';
import { type OutboxEntry, type OutboxStore, toPendingEvent } from './outbox-store.js';
import { type PendingEvent } from './pending-event.js';

export interface OutboxRelayOptions {
  readonly store: OutboxStore;
  readonly publisher: EventPublisher;
  /** Events that this service emits; used to find the definition of a stored event. */
  readonly definitions: readonly EventDefinition[];
  readonly log?: MessagingLog;
  /** Called with the number of events that a round published and the number that it could not read. */
  readonly onRound?: (round: { readonly published: number; readonly unreadable: number }) => void;
  /** Looks without being notified: events that another process committed, or a notify that a crash swallowed. Default 1 s. */
  readonly sweepEveryMs?: number;
  readonly batchSize?: number;
  /** Pauses after a failure: the first, doubling up to the last. Defaults 200 ms and 10 s. */
  readonly firstBackoffMs?: number;
  readonly lastBackoffMs?: number;
}

/**
 * Publishes what the outbox holds, in the order in which it was stated, and marks it. A crash between the two publishes
 * again: at least once, and ids are the same. Sweeps on start, on `notify` after a commit, and at intervals. A failure
 * of the log stops the round where it is, so that no later event of a key overtakes; the next try comes with growing
 * pauses. An entry that nobody can ever publish is reported, stays, and is stepped over.
 */
export class OutboxRelay implements Closeable {
  private running: Promise<void> | undefined;
  private again = false;
  private closed = false;
  private failures = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly reported = new Set<string>();

  constructor(private readonly options: OutboxRelayOptions) {}

  /** Begins with what an earlier process left behind. */
  start(): void {
    this.notify();
  }

  /** Says that events were committed. Cheap; call it after every commit. */
  notify(): void {
    if (this.closed) return;
    // During a backoff the timer has the word: a busy service must not hammer a log that is away.
    if (this.failures > 0 && this.running === undefined && this.timer !== undefined) return;
    if (this.running !== undefined) {
      this.again = true;
      return;
    }
    clearTimeout(this.timer);
    this.timer = undefined;
    this.running = this.run().finally(() => {
      this.running = undefined;
      this.schedule();
    });
  }

  /** Publishes what is committed by now, then ends. What the log does not take stays in the outbox. */
  async close(): Promise<void> {
    if (this.closed) return;
    clearTimeout(this.timer);
    await this.running;
    this.closed = true;
    clearTimeout(this.timer);
    await this.run();
  }

  private schedule(): void {
    if (this.closed) return;
    const { sweepEveryMs = 1_000, firstBackoffMs = 200, lastBackoffMs = 10_000 } = this.options;
    const pause =
      this.failures === 0
        ? sweepEveryMs
        : backoffMs({ firstMs: firstBackoffMs, maxMs: lastBackoffMs }, this.failures);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.notify();
    }, pause);
    this.timer.unref();
  }

  private async run(): Promise<void> {
    const { store, log = noLog } = this.options;
    try {
      do {
        this.again = false;
        await store.exclusively(() => this.sweep());
        this.failures = 0;
      } while (this.notified());
    } catch (error) {
      this.failures++;
      log.warn({ failures: this.failures }, `The outbox could not be published: ${describeError(error)}`);
    }
  }

  private notified(): boolean {
    return this.again;
  }

  private async sweep(): Promise<void> {
    const { store, batchSize = 500, onRound } = this.options;
    let after: string | undefined;
    for (;;) {
      const entries = await store.pending(batchSize, after);
      const last = entries.at(-1);
      if (last === undefined) return;
      const round = await this.publish(entries);
      onRound?.(round);
      after = last.sequence;
      if (entries.length < batchSize) return;
    }
  }

  private async publish(entries: readonly OutboxEntry[]): Promise<{ published: number; unreadable: number }> {
    let published = 0;
    let unreadable = 0;
    for (const run of this.runsOf(entries, () => unreadable++)) {
      const [first] = run;
      if (first === undefined) continue;
      try {
        await this.options.publisher.publish(
          first.pending.definition,
          run.map(({ pending }) => pending.event),
        );
      } catch (error) {
        if (!isHopeless(error)) throw error;
        // An event of the run does not fit any more: find it by publishing them one by one.
        published += await this.publishSingly(run, () => unreadable++);
        continue;
      }
      await this.options.store.markPublished(run.map(({ sequence }) => sequence));
      published += run.length;
    }
    return { published, unreadable };
  }

  private async publishSingly(run: readonly Readable[], onUnreadable: () => void): Promise<number> {
    let published = 0;
    for (const { sequence, pending } of run) {
      try {
        await this.options.publisher.publish(pending.definition, [pending.event]);
      } catch (error) {
        if (!isHopeless(error)) throw error;
        this.report(sequence, error);
        onUnreadable();
        continue;
      }
      await this.options.store.markPublished([sequence]);
      published++;
    }
    return published;
  }

  /** Neighbours of one event travel together; the order over all stays. */
  private runsOf(entries: readonly OutboxEntry[], onUnreadable: () => void): Readable[][] {
    const runs: Readable[][] = [];
    for (const { sequence, fact } of entries) {
      try {
        const pending = toPendingEvent(fact, this.options.definitions);
        const current = runs.at(-1);
        if (current?.[0]?.pending.definition === pending.definition) current.push({ sequence, pending });
        else runs.push([{ sequence, pending }]);
      } catch (error) {
        this.report(sequence, error);
        onUnreadable();
      }
    }
    return runs;
  }

  private report(sequence: string, error: unknown): void {
    if (this.reported.has(sequence)) return;
    this.reported.add(sequence);
    this.options.log?.error(
      { sequence },
      `Outbox entry ${sequence} cannot be published: ${describeError(error)}`,
    );
  }
}

interface Readable {
  readonly sequence: string;
  readonly pending: PendingEvent;
}

/** The event itself is invalid; another attempt will not help. */
function isHopeless(error: unknown): boolean {
  return isAppError(error) && (error.kind === 'invalid' || error.kind === 'too-large');
}
