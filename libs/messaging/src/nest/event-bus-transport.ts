import { type EventDefinition } from '@headrace/contracts';

/** Nest's name for this transport: handlers of it are not offered to another strategy of the same application. */
export const eventBusTransport = Symbol('headrace event bus');

/** What the decorators leave at a handler for the strategy. */
export interface HandlerExtras {
  /** One handler may take several events; each is subscribed by its own topic. */
  readonly definitions: readonly EventDefinition[];
  readonly mode: 'one' | 'many';
}
