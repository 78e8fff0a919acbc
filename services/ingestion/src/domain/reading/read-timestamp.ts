import { toDisplayText, type Reason } from './reading.js';

interface TimestampBounds {
  readonly now: Date;
  readonly aheadMs: number;
  readonly ageMs: number;
}

export type ReadTimestamp =
  | { readonly instant: Date; readonly reason?: undefined }
  | { readonly instant?: undefined; readonly reason: Reason };

const iso = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}):(\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:?\d{2})?$/;

/**
 * Reads an instant: ISO 8601 with a zone. A time without a zone is ambiguous and rejected; so is a bare number, which
 * could be seconds or milliseconds. A leap second is the second after it, as in POSIX.
 */
export function readTimestamp(value: unknown, bounds: TimestampBounds): ReadTimestamp {
  const refuse = (rule: string, message: string): ReadTimestamp => ({
    reason: { rule, column: 'timestamp', observed: toDisplayText(value), message },
  });
  if (value === undefined || value === null) {
    return refuse('expect_column_values_to_not_be_null', 'timestamp is missing');
  }
  const [, date, minutes, seconds, fraction = '', zone] =
    (typeof value === 'string' ? iso.exec(value) : undefined) ?? [];
  if (date === undefined || minutes === undefined || seconds === undefined) {
    return refuse('timestamp_is_iso_8601', 'timestamp is not an ISO 8601 time such as 2026-11-23T10:00:00Z');
  }
  if (zone === undefined) {
    return refuse('timestamp_has_zone', 'timestamp has no zone; end it with Z or +01:00');
  }
  const leap = seconds === '60' ? 1_000 : 0;
  const text = `${date}T${minutes}:${leap === 0 ? seconds : '59'}${fraction.slice(0, 4)}${zone.replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2').toUpperCase()}`;
  const time = new Date(text).getTime() + leap;
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  // The 30th of February parses as a day of March.
  if (Number.isNaN(time) || new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day) {
    return refuse('timestamp_exists', 'timestamp is a moment that does not exist');
  }
  const now = bounds.now.getTime();
  if (time > now + bounds.aheadMs) {
    return refuse(
      'timestamp_not_in_future',
      `timestamp is ${Math.round((time - now) / 1000)} s ahead of our clock; ${bounds.aheadMs / 1000} s are allowed`,
    );
  }
  if (time < 0) return refuse('timestamp_not_too_old', 'timestamp is before 1970');
  if (time < now - bounds.ageMs) {
    return refuse(
      'timestamp_not_too_old',
      `timestamp is older than ${Math.round(bounds.ageMs / 86_400_000)} days`,
    );
  }
  return { instant: new Date(time) };
}
