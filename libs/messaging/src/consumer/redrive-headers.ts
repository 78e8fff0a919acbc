import { type IncomingRecord } from '../event-bus.js';

/** Names the only group that a re-driven record is for; the others have handled it at its first delivery. */
export const redriveGroupHeader = 'headrace-redrive-group';

export function isRedriven(record: IncomingRecord): boolean {
  return redriveGroupHeader in record.headers;
}

export function isRedrivenForAnother(record: IncomingRecord, group: string): boolean {
  const wanted = record.headers[redriveGroupHeader];
  return wanted !== undefined && wanted !== group;
}
