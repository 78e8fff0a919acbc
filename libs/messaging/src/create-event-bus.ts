import { assertNever } from '@headrace/kernel';
import { openEmbeddedEventBus, type EmbeddedEventBusOptions } from './embedded/embedded-event-bus.js';
import { type EventBus } from './event-bus.js';
import { type KafkaConfig } from './kafka/kafka-config.js';
import { openKafkaEventBus } from './kafka/kafka-event-bus.js';

export type EventBusConfig =
  | { readonly driver: 'embedded'; readonly directory: string; readonly options?: EmbeddedEventBusOptions }
  | { readonly driver: 'kafka'; readonly kafka: KafkaConfig };

/** The bus that the configuration names. It never falls back to another one. */
export function createEventBus(config: EventBusConfig): Promise<EventBus> {
  switch (config.driver) {
    case 'embedded':
      return openEmbeddedEventBus(config.directory, config.options);
    case 'kafka':
      return openKafkaEventBus(config.kafka);
    default:
      return assertNever(config);
  }
}
