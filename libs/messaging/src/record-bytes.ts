import { type OutgoingRecord } from './event-bus.js';

const frame = 96;

/** About what a record takes in a request and in the log: both adapters judge size by the same measure. */
export function recordBytes({ key, value, headers }: OutgoingRecord): number {
  let bytes = frame + value.length + (key === undefined ? 0 : Buffer.byteLength(key));
  for (const name in headers) bytes += name.length + Buffer.byteLength(headers[name] ?? '') + 4;
  return bytes;
}
