import { checkPayload, type EventDefinition } from '@headrace/contracts';
import { AppError, deterministicId } from '@headrace/kernel';
import { type IncomingRecord } from '../event-bus.js';
import { type ReceivedEvent } from '../events.js';
import { batchContentType } from './encode-events.js';
import { ColumnsUnreadableError, decodeColumn } from './columns.js';

/** A record that holds no readable events at all. */
export class RecordUnreadableError extends AppError {
  readonly code = 'MESSAGING_RECORD_UNREADABLE';
  readonly kind = 'invalid';
}

/** One event of a record that does not fit its schema. */
export class ReceivedEventInvalidError extends AppError {
  readonly code = 'MESSAGING_FACT_INVALID';
  readonly kind = 'invalid';
}

/** An event, or why this one cannot be handed over; the other events of its record are not affected. */
export type DecodedEvent =
  | { readonly outcome: 'event'; readonly event: ReceivedEvent; readonly index: number }
  | { readonly outcome: 'invalid'; readonly error: AppError; readonly index: number };

interface Envelope {
  readonly id: unknown;
  readonly source: unknown;
  readonly type: unknown;
  readonly time: unknown;
  readonly key: unknown;
  readonly causationIds: unknown;
  readonly correlationId: unknown;
  readonly actor: unknown;
  readonly traceparent: unknown;
  readonly data: unknown;
}

type Json = Readonly<Record<string, unknown>>;

const structuredMode = 'application/cloudevents';
const structuredBatchMode = 'application/cloudevents-batch';

/**
 * The events of a record: a CloudEvent in binary or structured mode, a CloudEvents batch, or our own batch. The public
 * topic also takes bare JSON objects, because the simplest producer knows nothing of envelopes; their id is made from
 * their content, so that a repeated send is recognised. A record without value is a tombstone and holds no event.
 * Throws RecordUnreadableError when not even the envelope can be read.
 */
export function decodeRecord(definition: EventDefinition, record: IncomingRecord): readonly DecodedEvent[] {
  if (record.value.length === 0) return [];
  try {
    return toEnvelopes(definition, record).map((envelope, index) =>
      check(definition, record, envelope, index),
    );
  } catch (error) {
    if (error instanceof ColumnsUnreadableError || error instanceof SyntaxError) {
      throw new RecordUnreadableError(
        `Record ${record.topic}/${record.partition}/${record.offset} cannot be read: ${error.message}`,
        { cause: error },
      );
    }
    throw error;
  }
}

function toEnvelopes(definition: EventDefinition, record: IncomingRecord): readonly Envelope[] {
  const contentType = (record.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const body: unknown = JSON.parse(Buffer.from(record.value).toString('utf8'));
  if (contentType === batchContentType) return fromBatch(record, body);
  if (contentType.startsWith(structuredBatchMode)) {
    if (!Array.isArray(body)) throw unreadable(record, 'a CloudEvents batch is a JSON array');
    return body.map((each: unknown) => fromStructured(record, each));
  }
  if (contentType.startsWith(structuredMode)) return [fromStructured(record, body)];
  if ('ce_specversion' in record.headers || 'ce_id' in record.headers) return [fromBinary(record, body)];
  if (definition.owner === 'producers') {
    // Structured CloudEvents are often sent without their content type.
    const all: readonly unknown[] = Array.isArray(body) ? body : [body];
    return all.map((each) => (isStructured(each) ? fromStructured(record, each) : fromBare(record, each)));
  }
  throw unreadable(record, 'it has no CloudEvents attributes');
}

function fromBinary(record: IncomingRecord, data: unknown): Envelope {
  const { headers } = record;
  return {
    id: headers['ce_id'],
    source: headers['ce_source'],
    type: headers['ce_type'],
    time: headers['ce_time'],
    key: headers['ce_partitionkey'] ?? record.key,
    causationIds: headers['ce_causationids'],
    correlationId: headers['ce_correlationid'],
    actor: headers['ce_actor'],
    traceparent: headers['ce_traceparent'] ?? headers['traceparent'],
    data,
  };
}

function isStructured(value: unknown): boolean {
  return isObject(value) && typeof value['specversion'] === 'string' && 'id' in value && 'type' in value;
}

function fromStructured(record: IncomingRecord, body: unknown): Envelope {
  if (!isObject(body)) throw unreadable(record, 'a structured CloudEvent is a JSON object');
  const encoded = body['data_base64'];
  return {
    id: body['id'],
    source: body['source'],
    type: body['type'],
    time: body['time'],
    key: body['partitionkey'] ?? record.key,
    causationIds: body['causationids'],
    correlationId: body['correlationid'],
    actor: body['actor'],
    traceparent: body['traceparent'] ?? record.headers['traceparent'],
    data:
      typeof encoded === 'string' && body['data'] === undefined
        ? (JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as unknown)
        : body['data'],
  };
}

function fromBare(record: IncomingRecord, data: unknown): Envelope {
  return {
    id: deterministicId(JSON.stringify(data)),
    source: record.topic,
    type: undefined,
    time: undefined,
    key: record.key,
    causationIds: undefined,
    correlationId: undefined,
    actor: undefined,
    traceparent: record.headers['traceparent'],
    data,
  };
}

function fromBatch(record: IncomingRecord, body: unknown): readonly Envelope[] {
  if (!isObject(body)) throw unreadable(record, 'a batch of events is a JSON object');
  const count = body['count'];
  // A count without columns to back it would make us allocate whatever a broken record says.
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 0 || count > 100_000) {
    throw unreadable(record, `"count" is ${String(count)}`);
  }
  const column = (name: string): readonly unknown[] => decodeColumn(body[name], count);
  const ids = column('id');
  const times = column('time');
  const keys = column('key');
  const causes = column('causationids');
  const correlations = column('correlationid');
  const actors = column('actor');
  const traces = column('traceparent');
  return column('data').map((data, row) => ({
    id: ids[row],
    source: record.headers['ce_source'],
    type: record.headers['ce_type'],
    time: times[row],
    key: keys[row],
    causationIds: causes[row],
    correlationId: correlations[row],
    actor: actors[row],
    traceparent: traces[row],
    data,
  }));
}

function check(
  definition: EventDefinition,
  record: IncomingRecord,
  envelope: Envelope,
  index: number,
): DecodedEvent {
  const invalid = (reason: string, cause?: unknown): DecodedEvent => ({
    outcome: 'invalid',
    index,
    error: new ReceivedEventInvalidError(
      `Event ${index} of record ${record.topic}/${record.partition}/${record.offset} is not a ${definition.type}: ${reason}`,
      cause === undefined ? undefined : { cause },
    ),
  });
  const { id, source, type, time } = envelope;
  if (typeof id !== 'string' || id === '') return invalid('it has no id');
  if (typeof source !== 'string' || source === '') return invalid('it has no source');
  // Foreign producers name their readings as they like; what we publish ourselves must be what the topic is for.
  if (definition.owner !== 'producers' && type !== definition.type) {
    return invalid(`its type is ${String(type)}`);
  }
  const happened = typeof time === 'string' ? new Date(time) : record.timestamp;
  if (Number.isNaN(happened.getTime())) return invalid(`its time is "${String(time)}"`);
  const payload = checkPayload(definition, envelope.data);
  if (!payload.success) {
    const reasons = payload.error.issues
      .slice(0, 5)
      .map((issue) => `${issue.path.map(String).join('.') || 'data'}: ${issue.message}`);
    return invalid(reasons.join('; '), payload.error);
  }
  return {
    outcome: 'event',
    index,
    event: {
      id,
      source,
      type: typeof type === 'string' && type !== '' ? type : definition.type,
      time: happened,
      key: text(envelope.key),
      payload: payload.data,
      causationIds: parseIds(envelope.causationIds),
      correlationId: text(envelope.correlationId),
      actor: text(envelope.actor),
      traceparent: text(envelope.traceparent),
      position: { topic: record.topic, partition: record.partition, offset: record.offset, index },
    },
  };
}

/** CloudEvents attributes are text: a list travels as JSON. A single id of a foreign producer is a list of one. */
function parseIds(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.filter((each): each is string => typeof each === 'string');
  if (typeof value !== 'string' || value === '') return [];
  if (!value.startsWith('[')) return [value];
  try {
    return parseIds(JSON.parse(value));
  } catch (error) {
    if (error instanceof SyntaxError) return [value];
    throw error;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(record: IncomingRecord, reason: string): RecordUnreadableError {
  return new RecordUnreadableError(
    `Record ${record.topic}/${record.partition}/${record.offset} cannot be read: ${reason}`,
  );
}
