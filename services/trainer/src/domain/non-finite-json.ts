/** For `JSON.stringify`: JSON has no NaN and no infinity; where they mean something they are written as text. */
export function nonFiniteAsText(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/** For `JSON.parse` of documents none of whose own texts is one of the three. */
export function textAsNonFinite(_key: string, value: unknown): unknown {
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : value;
}
