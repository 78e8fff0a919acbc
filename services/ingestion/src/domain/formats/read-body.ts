import { AppError } from '@headrace/kernel';
import { type IncomingReading } from '../reading/reading.js';

/** The body is not in a format that the route accepts. */
export class UnreadableBodyError extends AppError {
  readonly code = 'INGESTION_BODY_UNREADABLE';
  readonly kind = 'invalid';
}

/** One reading, an array, or one per line. A line that is not JSON makes only itself unreadable. */
export function readReadingsBody(text: string): readonly IncomingReading[] {
  if (text.trim() === '') {
    throw new UnreadableBodyError('The body is empty; send one reading, an array, or one reading per line');
  }
  const whole = tryParse(text);
  if (whole.outcome === 'json') {
    return (Array.isArray(whole.value) ? (whole.value as readonly unknown[]) : [whole.value]).map(
      (content) => ({ content }),
    );
  }
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const read = lines.map((line): IncomingReading & { readonly good: boolean } => {
    const each = tryParse(line);
    return each.outcome === 'json'
      ? { content: each.value, good: true }
      : { content: line.slice(0, 2_000), unreadable: `The line is not JSON (${each.why})`, good: false };
  });
  if (lines.length < 2 || !read.some(({ good }) => good)) {
    throw new UnreadableBodyError(`The body is not JSON (${whole.why})`);
  }
  return read.map(({ good: _good, ...incoming }) => incoming);
}

export function parseJson(text: string): unknown {
  const read = tryParse(text);
  if (read.outcome === 'json') return read.value;
  throw new UnreadableBodyError(`The body is not JSON (${read.why})`);
}

function tryParse(
  text: string,
):
  | { readonly outcome: 'json'; readonly value: unknown }
  | { readonly outcome: 'error'; readonly why: string } {
  try {
    return { outcome: 'json', value: JSON.parse(text) as unknown };
  } catch (error) {
    return { outcome: 'error', why: (error as Error).message.slice(0, 120) };
  }
}
