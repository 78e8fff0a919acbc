import { AppError, describeError } from '@headrace/kernel';
import { RE2JS, RE2JSException } from 're2js';

export interface Matcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  /** False negates the match. */
  readonly isEqual: boolean;
}

export interface Silence {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly updatedAt: Date;
  readonly createdBy: string;
  readonly comment: string;
}

export class InvalidSilenceError extends AppError {
  readonly code = 'ALERTING_SILENCE_INVALID';
  readonly kind = 'invalid';
}

const MAX_PATTERN_LENGTH = 256;
const MAX_CACHED_PATTERNS = 1000;

/** Throws for silences that could never match or would match everything, and for patterns that are not RE2 expressions. */
export function checkSilence(silence: Pick<Silence, 'matchers' | 'startsAt' | 'endsAt'>): void {
  if (silence.endsAt <= silence.startsAt) throw new InvalidSilenceError('The silence ends before it starts');
  if (silence.matchers.length === 0) throw new InvalidSilenceError('A silence needs at least one matcher');
  for (const { name, value, isRegex } of silence.matchers) {
    if (!isRegex) continue;
    if (value.length > MAX_PATTERN_LENGTH) {
      throw new InvalidSilenceError(
        `The pattern of matcher ${name} is longer than ${MAX_PATTERN_LENGTH} characters`,
      );
    }
    try {
      compilePattern(value);
    } catch (error) {
      throw new InvalidSilenceError(
        `The pattern of matcher ${name} is not an RE2 regular expression: ${describeError(error)}`,
        { cause: error },
      );
    }
  }
}

export type SilenceState = 'pending' | 'active' | 'expired';

export function deriveSilenceState(silence: Silence, now: Date): SilenceState {
  if (now >= silence.endsAt) return 'expired';
  return now < silence.startsAt ? 'pending' : 'active';
}

/**
 * The ids of the active silences that match the labels. All matchers of a silence must hold. A missing label is the empty
 * string, and a pattern must match the whole value. A stored pattern that is not an RE2 expression silences nothing.
 */
export function findSilences(
  labels: Readonly<Record<string, string>>,
  silences: readonly Silence[],
  now: Date,
): readonly string[] {
  return silences
    .filter(
      (silence) =>
        deriveSilenceState(silence, now) === 'active' &&
        silence.matchers.every((matcher) => matches(labels, matcher)),
    )
    .map((silence) => silence.id);
}

function matches(labels: Readonly<Record<string, string>>, matcher: Matcher): boolean {
  const value = labels[matcher.name] ?? '';
  if (!matcher.isRegex) return (value === matcher.value) === matcher.isEqual;
  const pattern = findPattern(matcher.value);
  return pattern !== undefined && pattern.testExact(value) === matcher.isEqual;
}

/** As Alertmanager compiles it: matched in linear time, dots match line breaks. */
function compilePattern(source: string): RE2JS {
  return RE2JS.compile(`(?:${source})`, RE2JS.DOTALL);
}

const patterns = new Map<string, RE2JS | undefined>();

/** Undefined for a pattern that silences accepted before they were RE2 expressions. */
function findPattern(source: string): RE2JS | undefined {
  if (patterns.has(source)) return patterns.get(source);
  let pattern: RE2JS | undefined;
  try {
    pattern = compilePattern(source);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
  }
  if (patterns.size >= MAX_CACHED_PATTERNS) patterns.clear();
  patterns.set(source, pattern);
  return pattern;
}
