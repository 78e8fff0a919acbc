import { type EventDefinition, type PayloadOf } from '@headrace/contracts';
import { type RecordPosition } from './event-bus.js';

/** A fact that a service states. Ids of derived facts come from `deterministicId`, so that a repeat is recognised. */
export interface NewFact<Definition extends EventDefinition = EventDefinition> {
  readonly id: string;
  /** When it happened. */
  readonly time: Date;
  readonly payload: PayloadOf<Definition>;
  /** Facts that caused this one; `why` walks them. */
  readonly causationIds?: readonly string[];
  /** The story it belongs to; inherited from its cause. */
  readonly correlationId?: string;
  /** The person or service that wanted it. */
  readonly actor?: string;
  /** W3C trace context; default: that of the running span. */
  readonly traceparent?: string;
}

/** A fact as a handler receives it: validated, with its place in the log. */
export interface EventOf<Definition extends EventDefinition = EventDefinition> {
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
  /** Where it lies: record and index of the fact inside it. */
  readonly position: RecordPosition & { readonly index: number };
}

/**
 * States facts. Resolves when they are durable in the log. Facts of one key keep their order; many facts of one
 * partition travel in one record. A payload that does not fit its schema rejects before anything is sent.
 * State changes in a database do not use this but the outbox.
 */
export abstract class EventPublisher {
  abstract publish<Definition extends EventDefinition>(
    definition: Definition,
    facts: readonly NewFact<Definition>[],
  ): Promise<void>;
}
