import { type EventDefinition } from '@headrace/contracts';
import { parseJson, UnreadableBodyError } from './read-body.js';
import { type IncomingReading } from '../reading/reading.js';

interface Attributes {
  readonly [name: string]: unknown;
}

/** CloudEvents 1.0 over HTTP: structured, batched, or binary with its attributes in `ce-*` headers. */
export function readCloudEvents(
  contentType: string,
  headers: Readonly<Record<string, unknown>>,
  body: string,
  expected: EventDefinition,
): readonly IncomingReading[] {
  const mediaType = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  if (mediaType === 'application/cloudevents-batch+json') {
    const events = parseJson(body);
    if (!Array.isArray(events)) throw new UnreadableBodyError('A batch of CloudEvents must be a JSON array');
    return events.map((event: unknown) => readEvent(event, expected));
  }
  if (mediaType === 'application/cloudevents+json') return [readEvent(parseJson(body), expected)];
  if (headers['ce-specversion'] === undefined) {
    throw new UnreadableBodyError(
      'The request is not a CloudEvent; send ce-* headers, or application/cloudevents+json, or application/cloudevents-batch+json',
    );
  }
  const attributes = Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('ce-') && typeof value === 'string' ? [[name.slice(3), decodeHeader(value)]] : [],
    ),
  );
  return [readEvent({ ...attributes, data: parseJson(body) }, expected)];
}

function readEvent(event: unknown, expected: EventDefinition): IncomingReading {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    return { content: event, unreadable: 'A CloudEvent must be a JSON object' };
  }
  const attributes = event as Attributes;
  const { specversion, id, source, type } = attributes;
  const unreadable = (why: string): IncomingReading => ({ content: event, unreadable: why });
  if (specversion !== '1.0') return unreadable('The specversion of the CloudEvent is not 1.0');
  if (typeof id !== 'string' || id === '' || id.length > 512) {
    return unreadable('The CloudEvent has no id of at most 512 characters');
  }
  if (typeof source !== 'string' || source === '' || source.length > 512) {
    return unreadable('The CloudEvent has no source');
  }
  if (type !== expected.type) return unreadable(`The type of the CloudEvent is not ${expected.type}`);
  const data = readData(attributes);
  if (data.outcome === 'unreadable') return unreadable(data.why);
  return withAttributes(attributes, data.value, { source, id });
}

/**
 * `subject` is the default of `system_id`, `time` that of `timestamp`. A subject that differs from `system_id` is an
 * error.
 */
function withAttributes(
  { subject, time }: Attributes,
  data: unknown,
  event: { readonly source: string; readonly id: string },
): IncomingReading {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return { content: data, event };
  const fields = data as Attributes;
  if (subject !== undefined && fields['system_id'] !== undefined && subject !== fields['system_id']) {
    return { content: data, event, unreadable: 'subject and system_id name different systems' };
  }
  return {
    event,
    content: {
      ...(subject === undefined ? {} : { system_id: subject }),
      ...(time === undefined ? {} : { timestamp: time }),
      ...fields,
    },
  };
}

function readData(
  attributes: Attributes,
):
  | { readonly outcome: 'data'; readonly value: unknown }
  | { readonly outcome: 'unreadable'; readonly why: string } {
  const { data, data_base64: base64 } = attributes;
  if (typeof base64 !== 'string') return { outcome: 'data', value: data };
  try {
    return { outcome: 'data', value: JSON.parse(Buffer.from(base64, 'base64').toString('utf8')) as unknown };
  } catch (error) {
    return {
      outcome: 'unreadable',
      why: `data_base64 is not JSON (${(error as Error).message.slice(0, 80)})`,
    };
  }
}

/** Characters outside ASCII are percent-encoded in headers. */
function decodeHeader(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
