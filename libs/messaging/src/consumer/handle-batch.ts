import { setTimeout as pause } from 'node:timers/promises';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, context as active } from '@opentelemetry/api';
import { type EventDefinition } from '@headrace/contracts';
import { describeError, isAppError } from '@headrace/kernel';
import { decodeRecord } from '../codec/decode-record.js';
import { type EventBus, type IncomingRecord, type RecordBatch } from '../event-bus.js';
import { type ReceivedEvent } from '../events.js';
import { PartitionRevokedError } from '../messaging-errors.js';
import { toLinks, toSpanContext } from '../tracing.js';
import { deadLetter, errorCodeOf, type FailedEvent } from './dead-letters.js';
import { type MessagingLog } from './messaging-log.js';
import { type MessagingMetrics } from './messaging-metrics.js';
import { isRedrivenForAnother } from './redrive-headers.js';
import { delayAfter, type RetryPolicy } from './retry-policy.js';

/** A handler of one type of event: one event at a time, or many in order. */
export type BatchHandler =
  | { readonly mode: 'one'; readonly handle: (event: ReceivedEvent) => Promise<void> }
  | { readonly mode: 'many'; readonly handle: (events: readonly ReceivedEvent[]) => Promise<void> };

export interface Handling {
  readonly bus: EventBus;
  readonly group: string;
  readonly definition: EventDefinition;
  readonly handlers: readonly BatchHandler[];
  readonly retry: RetryPolicy;
  readonly metrics: MessagingMetrics;
  readonly log: MessagingLog;
  /** Maximum number of events in one call of a batch handler. */
  readonly maxEventsPerCall: number;
}

interface Delivery {
  readonly record: IncomingRecord;
  readonly event: ReceivedEvent;
}

const heartbeatEveryMs = 2_000;
const tracer = trace.getTracer('@headrace/messaging');

/**
 * Handles a batch of records: every event is handled, dead-lettered with its reason, or left uncommitted because the
 * partition went away. Events keep their order. A retryable error is tried again with growing pauses; when the patience
 * is used up, or for any other error, a batch is halved until the events that fail stand alone, so that one poison event
 * does not take its neighbours with it. When dead letters cannot be stored either, the batch is left for redelivery.
 */
export async function handleBatch(batch: RecordBatch, handling: Handling): Promise<void> {
  let deliveries: Delivery[] = [];
  let through: bigint | undefined;
  for (const record of batch.records) {
    if (!batch.isActive()) return;
    const received = await receive(record, handling);
    if (deliveries.length > 0 && deliveries.length + received.length > handling.maxEventsPerCall) {
      await handleEvents(deliveries, batch, handling);
      if (through !== undefined) batch.resolve(through);
      deliveries = [];
    }
    deliveries.push(...received);
    through = record.offset;
  }
  await handleEvents(deliveries, batch, handling);
  if (through !== undefined) batch.resolve(through);
}

/** The valid events of a record; the others go to the dead letters, each for itself. */
async function receive(record: IncomingRecord, handling: Handling): Promise<Delivery[]> {
  if (isRedrivenForAnother(record, handling.group)) return [];
  const deliveries: Delivery[] = [];
  const failed: FailedEvent[] = [];
  try {
    for (const decoded of decodeRecord(handling.definition, record)) {
      if (decoded.outcome === 'event') deliveries.push({ record, event: decoded.event });
      else failed.push({ record, index: decoded.index, error: decoded.error, attempts: 0 });
    }
  } catch (error) {
    failed.push({ record, index: undefined, error, attempts: 0 });
  }
  await bury(failed, handling);
  return deliveries;
}

async function handleEvents(
  deliveries: readonly Delivery[],
  batch: RecordBatch,
  handling: Handling,
): Promise<void> {
  if (deliveries.length === 0) return;
  await withSpan(deliveries, handling, async () => {
    const failed = new Set<Delivery>();
    for (const handler of handling.handlers) {
      if (handler.mode === 'many') {
        await handleMany(deliveries, handler.handle, batch, handling, failed);
      } else {
        for (const delivery of deliveries) {
          await handleMany([delivery], ([event]) => one(handler.handle, event), batch, handling, failed);
        }
      }
    }
    handling.metrics.handled(handling.definition.topic, deliveries.length - failed.size);
  });
}

function one(
  handle: (event: ReceivedEvent) => Promise<void>,
  event: ReceivedEvent | undefined,
): Promise<void> {
  return event === undefined ? Promise.resolve() : handle(event);
}

/** Tries a slice, patiently at first; then halves it with one try each, until what fails is a single event. */
async function handleMany(
  deliveries: readonly Delivery[],
  handle: (events: readonly ReceivedEvent[]) => Promise<void>,
  batch: RecordBatch,
  handling: Handling,
  failed: Set<Delivery>,
): Promise<void> {
  const outcome = await attempt(deliveries, handle, batch, handling);
  if (outcome === 'done') return;
  const pending: (readonly Delivery[])[] = splitInHalves(deliveries);
  const buried: FailedEvent[] = [];
  if (pending.length === 0) buried.push(...deliveries.map((delivery) => toFailedEvent(delivery, outcome)));
  for (let slice = pending.shift(); slice !== undefined; slice = pending.shift()) {
    assertActive(batch);
    await batch.heartbeat();
    const again = await tryOnce(slice, handle);
    if (again === 'done') continue;
    const halves = splitInHalves(slice);
    if (halves.length > 0) pending.unshift(...halves);
    else {
      buried.push(
        ...slice.map((delivery) =>
          toFailedEvent(delivery, { error: again.error, attempts: outcome.attempts + 1 }),
        ),
      );
    }
  }
  await bury(buried, handling);
  for (const delivery of deliveries) {
    if (
      buried.some(
        ({ record, index }) => record === delivery.record && index === delivery.event.position.index,
      )
    ) {
      failed.add(delivery);
    }
  }
}

interface Failure {
  readonly error: unknown;
  readonly attempts: number;
}

async function attempt(
  deliveries: readonly Delivery[],
  handle: (events: readonly ReceivedEvent[]) => Promise<void>,
  batch: RecordBatch,
  { retry, metrics, log, definition }: Handling,
): Promise<'done' | Failure> {
  for (let attempts = 1; ; attempts++) {
    assertActive(batch);
    const outcome = await tryOnce(deliveries, handle);
    if (outcome === 'done') return 'done';
    const { error } = outcome;
    const delay = isAppError(error) && error.retryable ? delayAfter(attempts, retry) : undefined;
    if (delay === undefined) return { error, attempts };
    metrics.retried(definition.topic, errorCodeOf(error));
    log.warn(
      {
        topic: definition.topic,
        events: deliveries.length,
        attempts,
        delayMs: delay,
        errorCode: errorCodeOf(error),
      },
      `Handling is tried again: ${describeError(error)}`,
    );
    await waitWithHeartbeats(delay, batch);
  }
}

async function tryOnce(
  deliveries: readonly Delivery[],
  handle: (events: readonly ReceivedEvent[]) => Promise<void>,
): Promise<'done' | { readonly error: unknown }> {
  try {
    await handle(deliveries.map(({ event }) => event));
    return 'done';
  } catch (error) {
    return { error };
  }
}

async function waitWithHeartbeats(milliseconds: number, batch: RecordBatch): Promise<void> {
  for (let left = milliseconds; left > 0; left -= heartbeatEveryMs) {
    await pause(Math.min(left, heartbeatEveryMs));
    await batch.heartbeat();
    assertActive(batch);
  }
}

/** Leaves the batch where it is; what was not resolved is delivered again, to whoever holds the partition then. */
function assertActive(batch: RecordBatch): void {
  if (!batch.isActive()) throw new PartitionRevokedError(batch.topic, batch.partition);
}

function splitInHalves(deliveries: readonly Delivery[]): (readonly Delivery[])[] {
  if (deliveries.length < 2) return [];
  const middle = deliveries.length >> 1;
  return [deliveries.slice(0, middle), deliveries.slice(middle)];
}

function toFailedEvent({ record, event }: Delivery, { error, attempts }: Failure): FailedEvent {
  return { record, index: event.position.index, error, attempts };
}

async function bury(failed: readonly FailedEvent[], { bus, group, metrics, log }: Handling): Promise<void> {
  await deadLetter(bus, group, failed);
  for (const { record, index, error, attempts } of failed) {
    metrics.deadLettered(record.topic, errorCodeOf(error));
    log.error(
      {
        topic: record.topic,
        partition: record.partition,
        offset: String(record.offset),
        index,
        attempts,
        errorCode: errorCodeOf(error),
      },
      `An event was dead-lettered: ${isAppError(error) ? error.message : describeError(error)}`,
    );
  }
}

/** One consumer span for what is handled together; a single event continues its trace, many are linked. */
async function withSpan(
  deliveries: readonly Delivery[],
  { definition, group }: Handling,
  work: () => Promise<void>,
): Promise<void> {
  const traceparents = deliveries.map(({ event }) => event.traceparent);
  const parent = deliveries.length === 1 ? toSpanContext(traceparents[0]) : undefined;
  const start = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
  const [first] = deliveries;
  const span = tracer.startSpan(
    `process ${definition.topic}`,
    {
      kind: SpanKind.CONSUMER,
      links: toLinks(traceparents),
      attributes: {
        'messaging.system': 'headrace',
        'messaging.operation.type': 'process',
        'messaging.destination.name': definition.topic,
        'messaging.consumer.group.name': group,
        'messaging.batch.message_count': deliveries.length,
        'messaging.destination.partition.id': String(first?.record.partition ?? 0),
        'messaging.kafka.offset': String(first?.record.offset ?? 0n),
      },
    },
    start,
  );
  try {
    await active.with(trace.setSpan(start, span), work);
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: describeError(error) });
    throw error;
  } finally {
    span.end();
  }
}
