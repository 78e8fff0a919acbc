import { type PendingEvent } from './pending-event.js';

/**
 * A change of state and the events that announce it: they become visible together or not at all. A repository hands one
 * to the work that it runs inside a transaction, extended by what that service reads and writes there.
 */
export interface UnitOfWork {
  /** Stores events in the outbox. The relay publishes them after the commit, in this order per key, also after a crash. */
  emit(...events: readonly PendingEvent[]): Promise<void>;
  /**
   * True the first time that `handler` claims this event id; the claim is stored with the change. False: the effect of
   * the event is stored already, so do nothing.
   */
  claim(handler: string, eventId: string): Promise<boolean>;
}
