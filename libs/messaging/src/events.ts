import { type EventDefinition, type LogPosition, type PayloadOf } from '@headrace/contracts';

/** An event that a service emits. Ids of derived events come from `deterministicId`, so that a repeat is recognised. */
export interface NewEvent<Definition extends EventDefinition = EventDefinition> {
  readonly id: string;
  /** When it happened. */
  readonly time: Date;
  readonly payload: PayloadOf<Definition>;
  /** Events that caused this one; `why` walks them. */
  readonly causationIds?: readonly string[];
  /** The story it belongs to; inherited from its cause. */
  readonly correlationId?: string;
  /** The person or service that wanted it. */
  readonly actor?: string;
  /** W3C trace context; default: that of the running span. */
  readonly traceparent?: string;
}

/** An event as a handler receives it: validated, with its position in the log. */
export interface ReceivedEvent<Definition extends EventDefinition = EventDefinition> {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly time: Date;
  readonly key: string | undefined;
  readonly payload: PayloadOf<Definition>;
  readonly causationIds: readonly string[];
  readonly correlationId: string | undefined;
  readonly actor: string | undefined;
  readonly traceparent: string | undefined;
  /** Where it lies in the log. */
  readonly position: LogPosition;
}

/**
 * Publishes events. Resolves when they are durable in the log. Events of one key keep their order; many events of one
 * partition travel in one record. A payload that does not fit its schema rejects before anything is sent.
 * State changes in a database do not use this but the outbox.
 */
export abstract class EventPublisher {
  abstract publish<Definition extends EventDefinition>(
    definition: Definition,
    events: readonly NewEvent<Definition>[],
  ): Promise<void>;
}
