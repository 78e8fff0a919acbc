import { checkPayload, type EventDefinition } from '@headrace/contracts';
import { type OutgoingRecord } from '../event-bus.js';
import { type NewEvent } from '../events.js';
import { maxRecordBytes, RecordTooLargeError } from '../messaging-errors.js';
import { InvalidEventError } from '../outbox-store.js';
import { partitionOfKey } from '../partition-of-key.js';
import { activeTraceparent } from '../tracing.js';
import { encodeColumn } from './columns.js';

/** Content type of a record that holds many events; see `docs/adr/0001` for why it is not a CloudEvents batch. */
export const batchContentType = 'application/vnd.headrace.facts.v1+json';

/** Leaves room for key and headers. */
const maxValueBytes = maxRecordBytes - 32 * 1024;

interface Origin {
  readonly source: string;
  /** CloudEvents extension `recordedtime`: when it was stated, as opposed to when it happened. */
  readonly recordedTime: string;
}

interface CheckedEvent {
  readonly event: NewEvent;
  readonly key: string;
  readonly payload: unknown;
}

/**
 * Events of one type as records for the log: checked against the schema, grouped by the partition of their keys, at
 * most `definition.maxEventsPerRecord` in a record. A record of one event is a CloudEvent 1.0 in Kafka binary mode.
 * Throws InvalidEventError before any record exists; events of one key keep their order.
 */
export function encodeEvents(
  definition: EventDefinition,
  events: readonly NewEvent[],
  source: string,
  partitions: number,
  recordedAt: Date,
): OutgoingRecord[] {
  const origin: Origin = { source, recordedTime: recordedAt.toISOString() };
  const traceparent = activeTraceparent();
  const checked = events.map((event): CheckedEvent => {
    const result = checkPayload(definition, event.payload);
    if (!result.success) throw new InvalidEventError(definition.type, event.id, result.error);
    return {
      event: event.traceparent === undefined && traceparent !== undefined ? { ...event, traceparent } : event,
      key: definition.keyOf(result.data),
      payload: result.data,
    };
  });
  // Compaction keeps the newest record of a key; a record of several keys has none.
  if (definition.maxEventsPerRecord === 1 || definition.cleanup === 'compact' || checked.length === 1) {
    return checked.map((event) => encodeSingle(definition, event, origin));
  }
  const byPartition = new Map<number, CheckedEvent[]>();
  for (const event of checked) {
    const partition = partitionOfKey(event.key, partitions);
    const group = byPartition.get(partition);
    if (group === undefined) byPartition.set(partition, [event]);
    else group.push(event);
  }
  const records: OutgoingRecord[] = [];
  for (const [partition, group] of byPartition) {
    for (let from = 0; from < group.length; from += definition.maxEventsPerRecord) {
      records.push(
        ...encodeMany(definition, group.slice(from, from + definition.maxEventsPerRecord), origin, partition),
      );
    }
  }
  return records;
}

function encodeSingle(
  definition: EventDefinition,
  { event, key, payload }: CheckedEvent,
  origin: Origin,
): OutgoingRecord {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_source: origin.source,
    ce_recordedtime: origin.recordedTime,
    ce_type: definition.type,
    ce_time: event.time.toISOString(),
    ce_partitionkey: key,
  };
  if (event.correlationId !== undefined) headers['ce_correlationid'] = event.correlationId;
  if (event.causationIds !== undefined && event.causationIds.length > 0) {
    headers['ce_causationids'] = JSON.stringify(event.causationIds);
  }
  if (event.actor !== undefined) headers['ce_actor'] = event.actor;
  if (event.traceparent !== undefined) headers['ce_traceparent'] = event.traceparent;
  const value = Buffer.from(JSON.stringify(payload));
  if (value.length > maxValueBytes) throw new RecordTooLargeError(definition.topic, value.length);
  return { topic: definition.topic, key, value, headers };
}

function encodeMany(
  definition: EventDefinition,
  group: readonly CheckedEvent[],
  origin: Origin,
  partition: number,
): OutgoingRecord[] {
  const [first] = group;
  if (group.length === 1 && first !== undefined) {
    return [{ ...encodeSingle(definition, first, origin), partition }];
  }
  const attribute = (of: (event: NewEvent) => unknown): unknown =>
    encodeColumn(group.map(({ event }) => of(event)));
  const value = Buffer.from(
    JSON.stringify({
      count: group.length,
      id: attribute(({ id }) => id),
      time: attribute(({ time }) => time.toISOString()),
      key: encodeColumn(group.map(({ key }) => key)),
      causationids: attribute(({ causationIds }) => (causationIds?.length === 0 ? undefined : causationIds)),
      correlationid: attribute(({ correlationId }) => correlationId),
      actor: attribute(({ actor }) => actor),
      traceparent: attribute(({ traceparent }) => traceparent),
      data: encodeColumn(group.map(({ payload }) => payload)),
    }),
  );
  if (value.length > maxValueBytes) {
    const middle = group.length >> 1;
    return [
      ...encodeMany(definition, group.slice(0, middle), origin, partition),
      ...encodeMany(definition, group.slice(middle), origin, partition),
    ];
  }
  const headers = {
    'content-type': batchContentType,
    ce_specversion: '1.0',
    ce_source: origin.source,
    ce_recordedtime: origin.recordedTime,
    ce_type: definition.type,
  };
  return [{ topic: definition.topic, key: undefined, value, headers, partition }];
}
