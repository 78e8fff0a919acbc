import { type EventDefinition } from '@headrace/contracts';
import { type NewFact } from './facts.js';

/** A fact with the event that it is an instance of. */
export interface PendingFact<Definition extends EventDefinition = EventDefinition> {
  readonly definition: Definition;
  readonly fact: NewFact<Definition>;
}

/** Types a pending fact against its definition. */
export function pending<Definition extends EventDefinition>(
  definition: Definition,
  fact: NewFact<Definition>,
): PendingFact<Definition> {
  return { definition, fact };
}
