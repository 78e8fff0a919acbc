import { type ChainEvent } from '../domain/build-causal-chain.js';
import { type LedgerEvent } from '../domain/fold-event.js';

/** A low-rate event as the ledger stores it. High-rate events stay in the log. */
export interface LedgerEntry extends LedgerEvent {
  /** What the event is about: a rollout id, an alert id, `model/version`. */
  readonly subjects: readonly string[];
  readonly correlationId: string | undefined;
  readonly causationIds: readonly string[];
}

/** Stores every low-rate event for good. Appending an event twice changes nothing. */
export abstract class Ledger {
  abstract append(entries: readonly LedgerEntry[]): Promise<void>;
  abstract findById(id: string): Promise<ChainEvent | undefined>;
  /** The newest event of these types about a subject. Within one millisecond, the type listed first wins. */
  abstract findNewestAbout(subject: string, types: readonly string[]): Promise<ChainEvent | undefined>;
  /** The newest events, oldest first. */
  abstract listNewest(limit: number): Promise<readonly LedgerEvent[]>;
}

/** Finds readings, features, predictions and outcomes in the log. */
export abstract class EventFinder {
  /** Undefined when no topic holds it any more. `around` is a time close to the event's; it speeds up the search. */
  abstract find(id: string, around: Date | undefined): Promise<ChainEvent | undefined>;
}
