export { BusEventPublisher } from './bus-event-publisher.js';
export { batchContentType, encodeEvents } from './codec/encode-events.js';
export { decodeRecord, RecordUnreadableError, type DecodedEvent } from './codec/decode-record.js';
export {
  deadLetter,
  DeadLetterUnknownError,
  deadLetterTopics,
  listDeadLetters,
  redrive,
  showDeadLetter,
  type DeadLetter,
  type FailedEvent,
} from './consumer/dead-letters.js';
export { noLog, type MessagingLog } from './consumer/messaging-log.js';
export { noMetrics, type MessagingMetrics } from './consumer/messaging-metrics.js';
export { defaultRetryPolicy, type RetryPolicy } from './consumer/retry-policy.js';
export { createEventBus, type EventBusConfig } from './create-event-bus.js';
export {
  EmbeddedEventBus,
  openEmbeddedEventBus,
  type EmbeddedEventBusOptions,
} from './embedded/embedded-event-bus.js';
export { LogFormatUnsupportedError } from './embedded/embedded-log.js';
export { LogCorruptError } from './embedded/stored-record.js';
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
export { openKafkaEventBus } from './kafka/kafka-event-bus.js';
export {
  InvalidRecordError,
  MessagingBufferFullError,
  MessagingClosedError,
  MessagingUnavailableError,
  PartitionRevokedError,
  RecordTooLargeError,
  TopicUnknownError,
} from './messaging-errors.js';
export {
  EventBusStrategy,
  HandlerUnknownError,
  type EventBusStrategyOptions,
} from './nest/event-bus-strategy.js';
export { On, OnBatch } from './nest/on.js';
export { eventOf, type PendingEvent } from './pending-event.js';
export { OutboxRelay, type OutboxRelayOptions } from './outbox-relay.js';
export {
  InvalidEventError,
  OutboxStore,
  toPendingEvent,
  toStoredEvent,
  UnknownOutboxEntryError,
  type OutboxEntry,
  type StoredEvent,
} from './outbox-store.js';
export { partitionOfKey } from './partition-of-key.js';
export { eventAt, findEvent, replay, type ReplayFrom } from './replay.js';
export { deadLetterTopic, topicSpecsOf } from './topic-specs.js';
export { type UnitOfWork } from './unit-of-work.js';
