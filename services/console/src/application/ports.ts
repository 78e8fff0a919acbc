import { type ChainFact } from '../domain/causal-chain.js';
import { type LedgerEvent } from '../domain/fold-event.js';

/** What the ledger keeps of a low-rate event; high-rate facts stay in the log. */
export interface LedgerEntry extends LedgerEvent {
  /** What the event is about: a rollout id, an alert id, `model/version`. */
  readonly subjects: readonly string[];
  readonly correlationId: string | undefined;
  readonly causationIds: readonly string[];
}

/** The low-rate events, for ever. Appending an event that is there changes nothing. */
export abstract class Ledger {
  abstract append(entries: readonly LedgerEntry[]): Promise<void>;
  abstract byId(id: string): Promise<ChainFact | undefined>;
  /** The newest event about a subject of one of these types; of several in the same millisecond the type named first. */
  abstract newestAbout(subject: string, types: readonly string[]): Promise<ChainFact | undefined>;
  /** The newest events, oldest first. */
  abstract newest(limit: number): Promise<readonly LedgerEvent[]>;
}

/** Finds readings, features, predictions and outcomes in the log. */
export abstract class FactFinder {
  /** Undefined when no topic holds it any more. `around` is a moment near which it was recorded; it speeds the search up. */
  abstract find(id: string, around: Date | undefined): Promise<ChainFact | undefined>;
}
