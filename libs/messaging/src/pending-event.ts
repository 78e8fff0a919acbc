import { type EventDefinition } from '@headrace/contracts';
import { type NewEvent } from './events.js';

/** An event to be published, with its definition. */
export interface PendingEvent<Definition extends EventDefinition = EventDefinition> {
  readonly definition: Definition;
  readonly event: NewEvent<Definition>;
}

/** An event to be published, its payload checked against its definition by the compiler. */
export function eventOf<Definition extends EventDefinition>(
  definition: Definition,
  event: NewEvent<Definition>,
): PendingEvent<Definition> {
  return { definition, event };
}
