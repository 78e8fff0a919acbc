import { InvalidObjectKeyError } from './object-store-errors.js';

const segment = /^[A-Za-z0-9._=-]{1,200}$/;
const maxBytes = 900;

/** Answers the key, or throws: nothing that leaves the root may reach a file system or a URL. */
export function checkKey(key: string): string {
  const bad =
    key.length > maxBytes ||
    key.split('/').some((part) => !segment.test(part) || part === '.' || part === '..');
  if (bad) throw new InvalidObjectKeyError(key);
  return key;
}

/** A prefix is the beginning of a key: it may be empty and may end anywhere, also with a slash. */
export function checkPrefix(prefix: string): string {
  if (prefix !== '') checkKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
  return prefix;
}
