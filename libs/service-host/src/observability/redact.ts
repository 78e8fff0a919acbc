const secretKey =
  /pass(word|wd)|secret|token|api[-_]?key|access[-_]?key|authorization|cookie|credential|private[-_]?key/i;
const urlPassword = /(\w+:\/\/[^:/@\s]*:)[^@/\s]+@/g;
const maxDepth = 6;

/** Copies log fields without secrets: fields whose name suggests one, and passwords in URLs. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.includes('://') ? value.replace(urlPassword, '$1***@') : value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth >= maxDepth) return '[deeper]';
  if (value instanceof Error) return redactError(value, depth);
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => redact(item, depth + 1));
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, secretKey.test(key) ? '***' : redact(part, depth + 1)]),
  );
}

function redactError(error: Error, depth: number): unknown {
  return {
    type: error.name,
    message: redact(error.message),
    ...('code' in error ? { code: error.code } : {}),
    stack: redact(error.stack),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}
