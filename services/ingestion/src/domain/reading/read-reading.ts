import { toDisplayText, type Reading, type Reason } from './reading.js';
import { readTimestamp } from './read-timestamp.js';

export interface TimeBounds {
  readonly now: Date;
  /** How far producers' clocks may run ahead. */
  readonly aheadMs: number;
  readonly ageMs: number;
}

const maxColumns = 200;
const columnName = /^[A-Za-z][A-Za-z0-9_.:-]{0,127}$/;
const unsafeText = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
const reservedFields = new Set(['system_id', 'timestamp', 'incident', 'source']);

export type ReadOutcome =
  | { readonly reading: Reading; readonly reasons?: undefined }
  | {
      readonly reading?: undefined;
      readonly reasons: readonly Reason[];
      readonly systemId: string | undefined;
    };

/** Checks what every reading must have, whatever the suite: a system, an instant, and finite numbers by column. */
export function readReading(content: unknown, bounds: TimeBounds): ReadOutcome {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    return {
      reasons: [toReason('reading_is_object', null, content, 'A reading must be a JSON object')],
      systemId: undefined,
    };
  }
  const fields = content as Readonly<Record<string, unknown>>;
  const reasons: Reason[] = [];
  const systemId = readSystemId(fields['system_id'], reasons);
  const time = readTimestamp(fields['timestamp'], bounds);
  if (time.reason !== undefined) reasons.push(time.reason);
  const values = readValues(fields, reasons);
  const { incident, source } = fields;
  if (incident !== undefined && typeof incident !== 'boolean') {
    reasons.push(toReason('incident_is_boolean', 'incident', incident, 'incident must be true or false'));
  }
  if (
    source !== undefined &&
    (typeof source !== 'string' || source.length > 256 || unsafeText.test(source))
  ) {
    reasons.push(
      toReason('source_is_text', 'source', source, 'source must be a text of at most 256 plain characters'),
    );
  }
  if (reasons.length > 0 || systemId === undefined || time.instant === undefined) {
    return { reasons, systemId };
  }
  return {
    reading: {
      systemId,
      eventTime: time.instant,
      values,
      ...(typeof incident === 'boolean' ? { incident } : {}),
      ...(typeof source === 'string' ? { source } : {}),
    },
  };
}

function readSystemId(value: unknown, reasons: Reason[]): string | undefined {
  if (value === undefined || value === null) {
    reasons.push(toReason('expect_column_values_to_not_be_null', 'system_id', value, 'system_id is missing'));
    return undefined;
  }
  if (
    typeof value !== 'string' ||
    value.trim() === '' ||
    value.trim() !== value ||
    value.length > 256 ||
    unsafeText.test(value)
  ) {
    const message =
      'system_id must be a text of 1 to 256 plain characters without leading or trailing blanks';
    reasons.push(toReason('system_id_is_name', 'system_id', value, message));
    return undefined;
  }
  return value;
}

function readValues(
  fields: Readonly<Record<string, unknown>>,
  reasons: Reason[],
): Readonly<Record<string, number | null>> {
  const columns = Object.entries(fields).filter(([name]) => !reservedFields.has(name));
  if (columns.length > maxColumns) {
    const message = `A reading may have at most ${maxColumns} columns, not ${columns.length}`;
    reasons.push(toReason('column_count', null, columns.length, message));
    return {};
  }
  const values: Record<string, number | null> = {};
  let numbers = 0;
  for (const [name, value] of columns) {
    const reason = checkValue(name, value);
    if (reason !== undefined) reasons.push(reason);
    else if (typeof value === 'number') {
      numbers += 1;
      // Minus zero is stored as zero, which also keeps the reading's id the same.
      values[name] = value === 0 ? 0 : value;
    } else values[name] = null;
  }
  if (numbers === 0 && reasons.length === 0) {
    reasons.push(
      toReason(
        'reading_has_value',
        null,
        undefined,
        'A reading must have at least one number; no data is not zero',
      ),
    );
  }
  return values;
}

function checkValue(name: string, value: unknown): Reason | undefined {
  if (!columnName.test(name)) {
    return toReason(
      'column_name',
      toDisplayText(name),
      name,
      'A column name is a letter followed by letters, digits or _.:-',
    );
  }
  if (value === null || (typeof value === 'number' && Number.isFinite(value))) return undefined;
  const what =
    typeof value === 'number'
      ? `${value}, which is not a finite number`
      : typeof value === 'string'
        ? 'a text'
        : typeof value;
  return toReason('column_is_number', name, value, `${name} is ${what}; send a number, or null for no value`);
}

export function toReason(rule: string, column: string | null, observed: unknown, message: string): Reason {
  return { rule, column, observed: toDisplayText(observed), message };
}
