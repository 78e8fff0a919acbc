import { SequencesUnfitError } from './sequences-unfit-error.js';

/** Readings of many systems in any order: `values` is row after row, NaN is "not known". Times are ms since the epoch. */
export interface SequenceSource {
  readonly systems: readonly string[];
  readonly times: ArrayLike<number>;
  readonly values: Float32Array;
  readonly channels: number;
}

export interface SequenceShape {
  readonly steps: number;
  readonly stepMs: number;
  /** Sequences with fewer filled steps are not built: their row has no history to learn from. At least 1. */
  readonly minFilledSteps: number;
}

/** `values` is [sequences, steps, channels]; NaN is padding, or a value that is not known. */
export interface Sequences {
  readonly values: Float32Array;
  readonly steps: number;
  readonly channels: number;
  /** The row of the source that each sequence ends with: its label is the sequence's label. */
  readonly rows: Int32Array;
  /** How many steps of each sequence hold a reading. */
  readonly filled: Int32Array;
  /** Rows whose history was too short. */
  readonly dropped: number;
}

/**
 * Gives every row the past of its own system as a sequence that ends with that row. Looking back from the row's time t,
 * step k (0 is the newest and stands last) holds the newest reading of the system in (t - (k + 1) stepMs, t - k stepMs]:
 * closed on the right, so that nothing after t is ever seen and a reading counts once.
 *
 * Padding: a step without a reading is NaN in all channels, at the beginning (the system's history is shorter than the
 * sequence) as in the middle (a gap). Gaps keep their place, they do not pull older readings closer. NaN becomes 0, the
 * mean of the training data, after scaling; the ONNX graph does the same.
 *
 * Of readings of one instant the one that stands later in the source is the newer one, and a row's sequence ends with
 * that row even so. Sequences come in the order of their rows in the source. O(n log n) in rows, plus the output.
 */
export function buildSequences(source: SequenceSource, shape: SequenceShape): Sequences {
  const { systems, times, values, channels } = source;
  const { steps, stepMs, minFilledSteps } = shape;
  requireCount('steps', steps);
  requireCount('channels', channels);
  requireCount('minFilledSteps', minFilledSteps);
  if (!(stepMs > 0)) throw new SequencesUnfitError(`A step of ${stepMs} ms is not positive`);
  if (minFilledSteps > steps) {
    throw new SequencesUnfitError(
      `${minFilledSteps} filled steps are asked of sequences of ${steps}; lower minFilledSteps`,
    );
  }
  if (times.length !== systems.length || values.length !== systems.length * channels) {
    throw new SequencesUnfitError(
      `${systems.length} systems, ${times.length} times and ${values.length} values are not as many rows of ${channels} channels`,
    );
  }
  const order = bySystemAndTime(systems, times);
  const place = new Int32Array(order.length);
  order.forEach((row, position) => (place[row] = position));

  const size = steps * channels;
  const built = new Float32Array(systems.length * size).fill(Number.NaN);
  const rows: number[] = [];
  const filled: number[] = [];
  for (let row = 0; row < systems.length; row += 1) {
    const end = rows.length * size;
    let count = 0;
    let taken = -1;
    for (let position = place[row] as number; position >= 0; position -= 1) {
      const earlier = order[position] as number;
      if (systems[earlier] !== systems[row]) break;
      const step = Math.floor(((times[row] as number) - (times[earlier] as number)) / stepMs);
      if (step >= steps) break;
      if (step === taken) continue;
      taken = step;
      count += 1;
      built.set(
        values.subarray(earlier * channels, (earlier + 1) * channels),
        end + (steps - 1 - step) * channels,
      );
    }
    if (count >= minFilledSteps) {
      rows.push(row);
      filled.push(count);
    } else built.fill(Number.NaN, end, end + size);
  }
  return {
    values: built.slice(0, rows.length * size),
    steps,
    channels,
    rows: Int32Array.from(rows),
    filled: Int32Array.from(filled),
    dropped: systems.length - rows.length,
  };
}

function bySystemAndTime(systems: readonly string[], times: ArrayLike<number>): number[] {
  const bad = Array.from(times).findIndex((time) => !Number.isFinite(time));
  if (bad >= 0) throw new SequencesUnfitError(`Row ${bad} has the time ${times[bad]}`);
  return systems
    .map((_, row) => row)
    .sort((a, b) => {
      const [one, other] = [systems[a] as string, systems[b] as string];
      if (one !== other) return one < other ? -1 : 1;
      return (times[a] as number) - (times[b] as number) || a - b;
    });
}

function requireCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new SequencesUnfitError(`${name} is ${value}; it must be a positive integer`);
  }
}
