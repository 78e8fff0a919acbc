import { checkPayload, type EventDefinition } from '@headrace/contracts';
import { AppError } from '@headrace/kernel';
import { type z } from 'zod';
import { type NewEvent } from './events.js';
import { type PendingEvent } from './pending-event.js';
import { activeTraceparent } from './tracing.js';

/** A pending event as plain JSON: what an outbox table stores, with the topic that finds its definition again. */
export interface StoredEvent {
  readonly topic: string;
  readonly id: string;
  /** ISO 8601. */
  readonly time: string;
  readonly payload: unknown;
  readonly causationIds?: readonly string[] | undefined;
  readonly correlationId?: string | undefined;
  readonly actor?: string | undefined;
  readonly traceparent?: string | undefined;
}

export interface OutboxEntry {
  /** Ascends in the order in which the events were emitted. Decimal digits: a bigserial does not fit a number. */
  readonly sequence: string;
  readonly fact: StoredEvent;
}

/**
 * Where events wait between the commit of the state that they speak of and their publication. The write side belongs to
 * the database library, because it shares the transaction of the state. Guarantees of an adapter:
 *
 * - `pending` answers committed entries that are not marked, in order of `sequence`, those after `after` only.
 *   An entry may become visible later than one with a higher sequence; it is answered by the next call without `after`.
 * - `markPublished` is durable when it resolves; marking twice is not an error.
 * - `exclusively` runs `work` while no other process does; undefined at once when another one does. The hold ends with
 *   the process. Without it two replicas would publish the events of a key in turns and break their order.
 */
export abstract class OutboxStore {
  abstract exclusively<T>(work: () => Promise<T>): Promise<T | undefined>;
  abstract pending(limit: number, after?: string): Promise<readonly OutboxEntry[]>;
  abstract markPublished(sequences: readonly string[]): Promise<void>;
}

/** The payload of an event does not fit its schema. */
export class InvalidEventError extends AppError {
  readonly code = 'MESSAGING_FACT_INVALID';
  readonly kind = 'invalid';

  constructor(
    readonly eventType: string,
    readonly eventId: string,
    error: z.ZodError,
  ) {
    super(
      `Event ${eventId} of ${eventType} does not fit its schema: ${error.issues
        .slice(0, 5)
        .map((issue) => `${issue.path.map(String).join('.') || 'payload'}: ${issue.message}`)
        .join('; ')}`,
      { cause: error },
    );
  }
}

/** An outbox entry names a topic that this build does not know, or is not readable. It stays pending. */
export class UnknownOutboxEntryError extends AppError {
  readonly code = 'MESSAGING_OUTBOX_ENTRY_UNKNOWN';
  readonly kind = 'unsupported';

  constructor(
    readonly topic: string,
    reason: string,
  ) {
    super(`Outbox entry of topic ${topic} cannot be published: ${reason}; it stays in the outbox`);
  }
}

/**
 * Checks a pending event against its schema and makes it storable. Throws InvalidEventError, so that the transaction
 * that emits an invalid event fails, and not the relay later.
 */
export function toStoredEvent({ definition, event }: PendingEvent): StoredEvent {
  const checked = checkPayload(definition, event.payload);
  if (!checked.success) throw new InvalidEventError(definition.type, event.id, checked.error);
  return {
    topic: definition.topic,
    id: event.id,
    time: event.time.toISOString(),
    payload: checked.data,
    causationIds: event.causationIds,
    correlationId: event.correlationId,
    actor: event.actor,
    traceparent: event.traceparent ?? activeTraceparent(),
  };
}

/** The way back; the definition is found by topic among `definitions`. */
export function toPendingEvent(stored: StoredEvent, definitions: readonly EventDefinition[]): PendingEvent {
  const definition = definitions.find((candidate) => candidate.topic === stored.topic);
  if (definition === undefined) throw new UnknownOutboxEntryError(stored.topic, 'no event has this topic');
  const time = new Date(stored.time);
  if (Number.isNaN(time.getTime())) {
    throw new UnknownOutboxEntryError(stored.topic, `"${stored.time}" is not a time`);
  }
  const event: NewEvent = {
    id: stored.id,
    time,
    payload: stored.payload,
    ...(stored.causationIds === undefined ? {} : { causationIds: stored.causationIds }),
    ...(stored.correlationId === undefined ? {} : { correlationId: stored.correlationId }),
    ...(stored.actor === undefined ? {} : { actor: stored.actor }),
    ...(stored.traceparent === undefined ? {} : { traceparent: stored.traceparent }),
  };
  return { definition, event };
}
