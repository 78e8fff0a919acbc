export { BusEventPublisher } from './bus-event-publisher.js';
export { encodeEvents } from './codec/encode-events.js';
export { decodeRecord, RecordUnreadableError, type DecodedEvent } from './codec/decode-record.js';
export { type DeadLetter, type FailedEvent } from './consumer/dead-letters.js';
export { type MessagingLog } from './consumer/messaging-log.js';
export { type MessagingMetrics } from './consumer/messaging-metrics.js';
export { type RetryPolicy } from './consumer/retry-policy.js';
export { createEventBus, type EventBusConfig } from './create-event-bus.js';
export { openEmbeddedEventBus, type EmbeddedEventBusOptions } from './embedded/embedded-event-bus.js';
export {
  EventBus,
  type ConsumeOptions,
  type Consumer,
  type GroupPosition,
  type IncomingRecord,
  type OutgoingRecord,
  type RecordBatch,
  type RecordPosition,
  type TopicSpec,
} from './event-bus.js';
export { EventPublisher, type ReceivedEvent, type NewEvent } from './events.js';
export { type KafkaConfig } from './kafka/kafka-config.js';
export { EventBusStrategy, type EventBusStrategyOptions } from './nest/event-bus-strategy.js';
export { On, OnBatch } from './nest/on.js';
export { eventOf, type PendingEvent } from './pending-event.js';
export { OutboxRelay, type OutboxRelayOptions } from './outbox-relay.js';
export { OutboxStore, toStoredEvent, type OutboxEntry, type StoredEvent } from './outbox-store.js';
export { eventAt, findEvent, replay, type ReplayFrom } from './replay.js';
export { deadLetterTopic, topicSpecsOf } from './topic-specs.js';
export { type UnitOfWork } from './unit-of-work.js';
