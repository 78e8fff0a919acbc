import { AppError } from '@headrace/kernel';

export interface Matcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  /** False turns the match around. */
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
/** A group that repeats and holds a repetition itself: what makes backtracking exponential. */
const nestedRepetition = /\([^)]*[*+{][^)]*\)[*+{]/;

/** Refuses what could never match, would match everything, or could hang the matching. */
export function checkSilence(silence: Pick<Silence, 'matchers' | 'startsAt' | 'endsAt'>): void {
  if (silence.endsAt <= silence.startsAt) throw new InvalidSilenceError('The silence ends before it starts');
  if (silence.matchers.length === 0) throw new InvalidSilenceError('A silence needs at least one matcher');
  for (const { name, value, isRegex } of silence.matchers) {
    if (!isRegex) continue;
    if (value.length > MAX_PATTERN_LENGTH || nestedRepetition.test(value)) {
      throw new InvalidSilenceError(
        `The pattern of matcher ${name} is too long or repeats a repetition; simplify it`,
      );
    }
    try {
      new RegExp(value);
    } catch (error) {
      throw new InvalidSilenceError(`The pattern of matcher ${name} is not a regular expression`, {
        cause: error,
      });
    }
  }
}

export type SilenceState = 'pending' | 'active' | 'expired';

export function deriveSilenceState(silence: Silence, now: Date): SilenceState {
  if (now >= silence.endsAt) return 'expired';
  return now < silence.startsAt ? 'pending' : 'active';
}

/** The active silences that match the labels. All matchers must hold; a missing label is the empty text; patterns match the whole value. */
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
  const equal = matcher.isRegex
    ? new RegExp(`^(?:${matcher.value})$`, 'su').test(value)
    : value === matcher.value;
  return equal === matcher.isEqual;
}
