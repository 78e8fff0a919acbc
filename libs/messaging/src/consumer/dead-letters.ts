import { type EventDefinition } from '@headrace/contracts';
import { AppError, describeError, isAppError } from '@headrace/kernel';
import { type EventBus, type IncomingRecord, type RecordPosition } from '../event-bus.js';
import { TopicUnknownError } from '../messaging-errors.js';
import { deadLetterSpec, deadLetterTopic } from '../topic-specs.js';
import { redriveGroupHeader } from './redrive-headers.js';

const prefix = 'headrace-';
const redrivenHeader = `${prefix}redriven`;

/** What could not be handled and why. `index` is undefined when the whole record could not be read. */
export interface FailedEvent {
  readonly record: IncomingRecord;
  readonly index: number | undefined;
  readonly error: unknown;
  readonly attempts: number;
}

/** A dead letter as it lies in the log. */
export interface DeadLetter {
  /** Where the dead letter itself lies; what `redrive` takes. */
  readonly position: RecordPosition;
  readonly original: RecordPosition & { readonly index: number | undefined };
  readonly group: string;
  readonly errorCode: string;
  readonly message: string;
  readonly attempts: number;
  readonly failedAt: Date;
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
}

export class DeadLetterUnknownError extends AppError {
  readonly code = 'MESSAGING_DEAD_LETTER_UNKNOWN';
  readonly kind = 'not-found';
}

const maxMessageLength = 2_000;

/** Stores the records of events that a group could not handle, with the reason. Resolves when they are durable. */
export async function deadLetter(
  bus: EventBus,
  group: string,
  failed: readonly FailedEvent[],
): Promise<void> {
  if (failed.length === 0) return;
  const topics = new Set(failed.map(({ record }) => record.topic));
  await bus.provision([...topics].map((topic) => deadLetterSpec(topic, group)));
  await bus.append(
    failed.map(({ record, index, error, attempts }) => ({
      topic: deadLetterTopic(record.topic, group),
      key: record.key,
      value: record.value,
      headers: {
        ...record.headers,
        [`${prefix}original-topic`]: record.topic,
        [`${prefix}original-partition`]: String(record.partition),
        [`${prefix}original-offset`]: String(record.offset),
        ...(index === undefined ? {} : { [`${prefix}original-index`]: String(index) }),
        [`${prefix}group`]: group,
        [`${prefix}error-code`]: errorCodeOf(error),
        [`${prefix}error-message`]: messageOf(error).slice(0, maxMessageLength),
        [`${prefix}attempts`]: String(attempts),
      },
    })),
  );
}

/** An AppError says what its reader needs; the causes of anything else may be all there is. */
function messageOf(error: unknown): string {
  return isAppError(error) ? error.message : describeError(error);
}

/** The code of an AppError; for anything else the name of its class, so that it can be grouped at all. */
export function errorCodeOf(error: unknown): string {
  if (isAppError(error)) return error.code;
  return error instanceof Error ? error.name : 'UNKNOWN';
}

/** The dead letters of a topic and group that were not re-driven since, oldest first. None when nothing ever failed. */
export async function listDeadLetters(
  bus: EventBus,
  topic: string,
  group: string,
): Promise<readonly DeadLetter[]> {
  const letters = new Map<string, DeadLetter>();
  try {
    for await (const record of bus.read(deadLetterTopic(topic, group))) {
      const redriven = record.headers[redrivenHeader];
      if (redriven === undefined) letters.set(nameOf(record), parse(record, group));
      else letters.delete(redriven);
    }
  } catch (error) {
    if (isAppError(error) && error.code === 'MESSAGING_TOPIC_UNKNOWN') return [];
    throw error;
  }
  return [...letters.values()];
}

/** All topics with dead letters, whatever their group: pairs to list. */
export async function deadLetterTopics(
  bus: EventBus,
): Promise<readonly { readonly topic: string; readonly group: string }[]> {
  const found: { topic: string; group: string }[] = [];
  for (const name of await bus.topics()) {
    const match = /^(.+)\.([^.]+)\.dlq$/.exec(name);
    if (match?.[1] !== undefined && match[2] !== undefined) found.push({ topic: match[1], group: match[2] });
  }
  return found;
}

/** One dead letter by its position. */
export async function showDeadLetter(
  bus: EventBus,
  topic: string,
  group: string,
  position: Pick<RecordPosition, 'partition' | 'offset'>,
): Promise<DeadLetter> {
  const name = deadLetterTopic(topic, group);
  let record: IncomingRecord | undefined;
  try {
    record = await bus.recordAt({ topic: name, partition: position.partition, offset: position.offset });
  } catch (error) {
    if (!(error instanceof TopicUnknownError)) throw error;
  }
  if (record === undefined || redrivenHeader in record.headers) {
    throw new DeadLetterUnknownError(
      `There is no dead letter ${position.partition}:${position.offset} in ${name}; list them first`,
    );
  }
  return parse(record, group);
}

/**
 * Delivers dead letters to their group again: the original record goes back into its topic, marked for that group
 * alone, so that its consumers do what they do with any record; other groups and replays pass over it. A record of
 * many events comes back whole; handlers are idempotent, and events of it that were handled are recognised by their id.
 * In a compacted topic the record gets a key of its own, because under its old key it would replace newer state.
 */
export async function redrive(
  bus: EventBus,
  definition: EventDefinition,
  group: string,
  letters: readonly DeadLetter[],
): Promise<void> {
  const done = new Set<string>();
  for (const letter of letters) {
    const { topic, partition, offset } = letter.original;
    // Several events of one record may have failed; the record goes back once.
    const original = `${topic}/${partition}/${offset}`;
    if (!done.has(original)) {
      done.add(original);
      const headers = Object.fromEntries(
        Object.entries(letter.headers).filter(([name]) => !name.startsWith(prefix)),
      );
      const compacted = definition.cleanup === 'compact';
      await bus.append([
        {
          topic: definition.topic,
          key: compacted ? `redrive/${group}/${original}` : letter.key,
          value: letter.value,
          headers: {
            ...headers,
            ...(letter.key === undefined || 'ce_partitionkey' in headers
              ? {}
              : { ce_partitionkey: letter.key }),
            [redriveGroupHeader]: group,
          },
          // A batch has no key of its own: its place is where its events' keys lie.
          ...(letter.key === undefined ? { partition } : {}),
        },
      ]);
    }
    await bus.append([
      {
        topic: letter.position.topic,
        key: letter.key,
        value: new Uint8Array(),
        headers: { [redrivenHeader]: nameOf(letter.position) },
      },
    ]);
  }
}

function nameOf({ partition, offset }: Pick<RecordPosition, 'partition' | 'offset'>): string {
  return `${partition}:${offset}`;
}

function parse(record: IncomingRecord, group: string): DeadLetter {
  const header = (name: string): string | undefined => record.headers[`${prefix}${name}`];
  const index = header('original-index');
  return {
    position: { topic: record.topic, partition: record.partition, offset: record.offset },
    original: {
      topic: header('original-topic') ?? '',
      partition: Number(header('original-partition') ?? 0),
      offset: BigInt(header('original-offset') ?? 0),
      index: index === undefined ? undefined : Number(index),
    },
    group: header('group') ?? group,
    errorCode: header('error-code') ?? 'UNKNOWN',
    message: header('error-message') ?? '',
    attempts: Number(header('attempts') ?? 1),
    failedAt: record.timestamp,
    key: record.key,
    headers: record.headers,
    value: record.value,
  };
}
