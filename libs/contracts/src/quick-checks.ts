/**
 * Parts of the quick checks of events. Each accepts only values that the schema of the same name in `values.ts` accepts
 * unchanged.
 */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether a value is a plain object with all `required` fields, any of the `optional` ones and no others. */
export function hasFields(
  value: unknown,
  required: readonly string[],
  optional: readonly string[] = [],
): value is Fields {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    return false;
  }
  let found = 0;
  for (const name in value) {
    if (required.includes(name)) found += 1;
    else if (!optional.includes(name)) return false;
  }
  return found === required.length;
}

export function isIdentifier(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= 512;
}

export function isPositiveInteger(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

// The format of `toISOString`. February 29 is left to the schema.
const isoInstant =
  /^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

export function isInstant(value: unknown): boolean {
  return typeof value === 'string' && isoInstant.test(value);
}

export function isNumbersByName(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    return false;
  }
  for (const name in value) {
    const of: unknown = (value as Fields)[name];
    // A schema drops a field of that name, so the schema decides.
    if (name === '' || name === '__proto__') return false;
    if (of !== null && (typeof of !== 'number' || !Number.isFinite(of))) return false;
  }
  return true;
}
