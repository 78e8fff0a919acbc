import { type IncomingRecord } from '../event-bus.js';

interface KafkaMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>> | undefined;
}

/** Headers arrive as buffers, offsets as decimal text; a header that occurs twice counts with its last value, as maps do. */
export function incomingRecordOf(topic: string, partition: number, message: KafkaMessage): IncomingRecord {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) headers[name] = typeof last === 'string' ? last : last.toString('utf8');
  }
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    key: message.key === null ? undefined : message.key.toString('utf8'),
    value: message.value ?? Buffer.alloc(0),
    headers,
    timestamp: new Date(Number(message.timestamp)),
  };
}
