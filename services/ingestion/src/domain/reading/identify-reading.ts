import { deterministicId } from '@headrace/kernel';
import { type IncomingReading, type Reading } from './reading.js';

/** The same reading has the same id however often it is sent and in whatever order its columns are. */
export function identifyReading({ event }: IncomingReading, reading: Reading): string {
  if (event !== undefined) return deterministicId(event.source, event.id);
  const { systemId, eventTime, values, incident } = reading;
  const content = JSON.stringify([
    Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)),
    incident ?? null,
  ]);
  return deterministicId(systemId, eventTime.toISOString(), content);
}

/** The same content rejected by the same version of the suite is the same entry. */
export function identifyQuarantined(incoming: IncomingReading, suiteVersion: string): string {
  const { content, event } = incoming;
  return deterministicId(
    'quarantine',
    suiteVersion,
    event?.source ?? '',
    event?.id ?? '',
    content === undefined ? '' : JSON.stringify(content),
  );
}
