import { type EventBus } from '../event-bus.js';
import { MessagingUnavailableError } from '../messaging-errors.js';
import { type KafkaConfig } from './kafka-config.js';

export function openKafkaEventBus(config: KafkaConfig): Promise<EventBus> {
  return Promise.reject(
    new MessagingUnavailableError(`No adapter for ${config.brokers.join(', ')} in this build yet`),
  );
}
