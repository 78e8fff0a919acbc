import { AppError } from '@headrace/kernel';

export class SplitImpossibleError extends AppError {
  readonly code = 'TRAINER_SPLIT_IMPOSSIBLE';
  readonly kind = 'invalid';
}

export interface SplitPolicy {
  /** Share of the rows, the last ones, that no step before the validation sees. */
  readonly holdoutShare: number;
  /** Share of the rows, those before the hold-out, that early stopping and calibration use. */
  readonly validationShare: number;
  /** How far a label looks ahead: rows closer than this before a border know what comes after it. */
  readonly purgeMs: number;
  /** How far features look back: rows closer than this after a border share readings with those before it. */
  readonly embargoMs: number;
}

/** Rows [begin, end) of the set in order of time. */
export interface Part {
  readonly begin: number;
  readonly end: number;
}

export interface TemporalSplit {
  readonly train: Part;
  readonly validation: Part;
  readonly holdout: Part;
  /** Rows that lie too close to a border for either side. */
  readonly dropped: number;
}

/**
 * Cuts a set, sorted by time, into train, validation and hold-out: always earlier rows to learn from and later ones to be
 * judged by. Around each border the rows whose label reaches over it are purged from the earlier part, and those whose
 * features reach back over it are kept out of the later one. Rows of one instant stay together. Each part that is left
 * must have rows.
 *
 * @see López de Prado (2018), Advances in Financial Machine Learning, chapter 7
 */
export function splitByTime(times: ArrayLike<number>, policy: SplitPolicy): TemporalSplit {
  const rows = times.length;
  const holdoutFrom = firstOfInstant(times, Math.floor(rows * (1 - policy.holdoutShare)));
  const validationFrom = firstOfInstant(
    times,
    Math.floor(rows * (1 - policy.holdoutShare - policy.validationShare)),
  );
  const train = between(times, 0, validationFrom, undefined, policy);
  const validation = between(times, validationFrom, holdoutFrom, validationFrom, policy);
  const holdout = between(times, holdoutFrom, rows, holdoutFrom, policy);
  for (const [name, part] of Object.entries({ train, validation, holdout })) {
    if (part.end <= part.begin) {
      throw new SplitImpossibleError(
        `${rows} rows over ${hours(times)} hours leave nothing for ${name} with ${policy.purgeMs / 1000} s of purge and ${policy.embargoMs / 1000} s of embargo; collect more data or shorten them in the plan`,
      );
    }
  }
  const kept = [train, validation, holdout].reduce((sum, part) => sum + part.end - part.begin, 0);
  return { train, validation, holdout, dropped: rows - kept };
}

function between(
  times: ArrayLike<number>,
  from: number,
  to: number,
  border: number | undefined,
  policy: SplitPolicy,
): Part {
  let begin = from;
  let end = to;
  const opens = border === undefined ? undefined : times[border];
  if (opens !== undefined) while (begin < to && at(times, begin) < opens + policy.embargoMs) begin += 1;
  if (to < times.length) while (end > begin && at(times, end - 1) > at(times, to) - policy.purgeMs) end -= 1;
  return { begin, end };
}

function firstOfInstant(times: ArrayLike<number>, index: number): number {
  let first = index;
  while (first > 0 && times[first - 1] === times[first]) first -= 1;
  return first;
}

function at(times: ArrayLike<number>, index: number): number {
  return times[index] ?? Number.NaN;
}

function hours(times: ArrayLike<number>): string {
  return times.length === 0 ? '0' : ((at(times, times.length - 1) - at(times, 0)) / 3_600_000).toFixed(1);
}
