import { type EventDefinition } from '@headrace/contracts';
import { decodeRecord, RecordUnreadableError, type DecodedEvent } from './codec/decode-record.js';
import { type EventBus, type IncomingRecord, type RecordPosition } from './event-bus.js';
import { type ReceivedEvent } from './events.js';
import { isRedriven } from './consumer/redrive-headers.js';

export interface ReplayFrom {
  readonly time?: Date;
  readonly offsets?: ReadonlyMap<number, bigint>;
}

/**
 * The events of a topic up to its end at the call, outside any group: how a service rebuilds its state at start. Events
 * that do not fit their schema are left out; the consumer groups dead-letter them where somebody sees them.
 */
export async function* replay<Definition extends EventDefinition>(
  bus: EventBus,
  definition: Definition,
  from?: ReplayFrom,
): AsyncIterable<ReceivedEvent<Definition>> {
  for await (const record of bus.read(definition.topic, from)) {
    // A re-driven record repeats one that lies in the topic already.
    if (isRedriven(record)) continue;
    for (const decoded of decodeReadable(definition, record)) {
      if (decoded.outcome === 'event') yield decoded.event;
    }
  }
}

/** The event at a position; undefined when the log no longer holds it. */
export async function eventAt<Definition extends EventDefinition>(
  bus: EventBus,
  definition: Definition,
  position: RecordPosition & { readonly index: number },
): Promise<ReceivedEvent<Definition> | undefined> {
  const record = await bus.recordAt(position);
  if (record === undefined) return undefined;
  const decoded = decodeReadable(definition, record).find(({ index }) => index === position.index);
  return decoded?.outcome === 'event' ? decoded.event : undefined;
}

/**
 * Resolves an id to its event, and with it to its position, by reading the log from `from` on. No index of every event
 * is kept: who asks knows about when it happened, and stops at the first match.
 */
export async function findEvent<Definition extends EventDefinition>(
  bus: EventBus,
  definition: Definition,
  id: string,
  from?: ReplayFrom,
): Promise<ReceivedEvent<Definition> | undefined> {
  for await (const event of replay(bus, definition, from)) {
    if (event.id === id) return event;
  }
  return undefined;
}

function decodeReadable(definition: EventDefinition, record: IncomingRecord): readonly DecodedEvent[] {
  try {
    return decodeRecord(definition, record);
  } catch (error) {
    if (error instanceof RecordUnreadableError) return [];
    throw error;
  }
}
