import { isAtOrBefore, type LogPosition } from '@headrace/contracts';
import { type FeatureView } from './feature-view.js';
import { type LabelDeclaration } from './label.js';
import { OutcomeTracker, type OutcomeTrackerState } from './outcome-tracker.js';
import { encodeFrame, StateDamagedError, decodeFrame } from './state-frame.js';
import { EntityWindows } from './windows/entity-windows.js';

const rowsPerChunk = 64;

/** A part of the rows, written once. */
export interface Chunk {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** Readings are all of one topic. */
type ReadingPosition = Pick<LogPosition, 'partition' | 'offset' | 'index'>;

interface Head {
  readonly outcomes: readonly {
    /** How many instants stand before the rows. Format 2 has the instants themselves here, as pairs. */
    readonly waiting: number | readonly (readonly [eventTime: number, observed: 0 | 1])[];
    readonly breaches: OutcomeTrackerState['breaches'];
  }[];
  readonly chunks: readonly (readonly [index: number, newest: number])[];
  readonly nextChunk: number;
  readonly applied?: readonly [partition: number, offset: number, index: number];
}

/**
 * The state of one entity: its windows and its waiting labels. It is stored as one small value (waiting labels and
 * recent rows) plus chunks of older rows, so that a batch writes what has changed and not the whole hour. Importing a
 * row twice changes nothing, so a chunk and the small value may overlap.
 */
export class EntityState {
  private unsealed: number[] = [];
  private chunks: (readonly [index: number, newest: number])[] = [];
  private nextChunk = 0;
  private applied: Head['applied'];

  private constructor(
    readonly windows: EntityWindows,
    readonly outcomes: readonly OutcomeTracker[],
  ) {}

  static empty(view: FeatureView, labels: readonly LabelDeclaration[]): EntityState {
    return EntityState.from(view, labels, []);
  }

  /** Call after the windows have accepted or corrected a row. */
  touch(eventTime: number): void {
    if (this.unsealed.at(-1) !== eventTime) this.unsealed.push(eventTime);
  }

  /** Records that the reading at a position is part of this state. */
  apply({ partition, offset, index }: ReadingPosition): void {
    this.applied = [partition, Number(offset), index];
  }

  /**
   * Whether the reading at a position was delivered before. Rows answer that themselves while they are kept; this is
   * for older ones, such as those of a backfill that is delivered again.
   */
  hasApplied(position: ReadingPosition): boolean {
    if (this.applied?.[0] !== position.partition) return false;
    const [, offset, index] = this.applied;
    return isAtOrBefore(position, { offset: BigInt(offset), index });
  }

  /** A new chunk when enough rows have gathered. It must be stored before the next `encode` is. */
  seal(): Chunk | undefined {
    if (this.unsealed.length < rowsPerChunk) return undefined;
    const rows = this.windows.exportRows(this.unsealed);
    const index = this.nextChunk;
    const newest = Math.max(...this.unsealed);
    this.nextChunk += 1;
    this.unsealed = [];
    this.chunks = [...this.chunks.filter(([, of]) => of > this.windows.horizon), [index, newest]];
    return { index, bytes: encodeFrame('rows', toBytes(rows)) };
  }

  encode(): Uint8Array {
    const outcomes = this.outcomes.map((tracker) => tracker.state());
    const head: Head = {
      outcomes: outcomes.map(({ waiting, breaches }) => ({ waiting: waiting.length / 2, breaches })),
      chunks: this.chunks,
      nextChunk: this.nextChunk,
      ...(this.applied === undefined ? {} : { applied: this.applied }),
    };
    const json = Buffer.from(JSON.stringify(head));
    const length = new Uint8Array(Uint32Array.of(json.length).buffer);
    const rows = this.windows.exportRows(this.unsealed);
    return encodeFrame(
      'head',
      length,
      json,
      ...[...outcomes.map(({ waiting }) => waiting), rows].map(toBytes),
    );
  }

  /** Which chunks an encoded state needs. */
  static chunksOf(bytes: Uint8Array): readonly number[] {
    return decodeHead(bytes).head.chunks.map(([index]) => index);
  }

  /** Rejects a state of a newer release (`StateNewerError`) and a damaged one (`StateDamagedError`). */
  static decode(
    view: FeatureView,
    labels: readonly LabelDeclaration[],
    bytes: Uint8Array,
    chunks: readonly Uint8Array[],
  ): EntityState {
    const { head, numbers } = decodeHead(bytes);
    let rowsFrom = 0;
    const outcomes = head.outcomes.map(({ waiting, breaches }): OutcomeTrackerState => {
      if (typeof waiting !== 'number') return { waiting: Float64Array.from(waiting.flat()), breaches };
      const from = rowsFrom;
      rowsFrom += 2 * waiting;
      return { waiting: numbers.subarray(from, rowsFrom), breaches };
    });
    const rows = numbers.subarray(rowsFrom);
    const state = EntityState.from(view, labels, outcomes);
    for (const chunk of chunks) importRows(state.windows, toNumbers(decodeFrame('rows', chunk)));
    importRows(state.windows, rows);
    state.chunks = [...head.chunks];
    state.nextChunk = head.nextChunk;
    state.applied = head.applied;
    for (let row = 0; row < rows.length; row += state.windows.rowWidth) state.touch(rows[row] as number);
    return state;
  }

  private static from(
    view: FeatureView,
    labels: readonly LabelDeclaration[],
    outcomes: readonly OutcomeTrackerState[],
  ): EntityState {
    const trackers = labels.map(
      (label, index) =>
        new OutcomeTracker(
          label,
          view.layout.columns.indexOf(label.column),
          view.layout.latenessMinutes,
          outcomes[index],
        ),
    );
    return new EntityState(new EntityWindows(view.layout), trackers);
  }
}

function decodeHead(bytes: Uint8Array): { readonly head: Head; readonly numbers: Float64Array } {
  const content = decodeFrame('head', bytes);
  const length = new DataView(content.buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(content.subarray(4, 4 + length))) as Head;
  return { head, numbers: toNumbers(content.subarray(4 + length)) };
}

function importRows(windows: EntityWindows, rows: Float64Array): void {
  if (rows.length % windows.rowWidth !== 0) {
    throw new StateDamagedError(`${rows.length} numbers are not rows of ${windows.rowWidth}`);
  }
  windows.importRows(rows);
}

function toBytes(rows: Float64Array): Uint8Array {
  return new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
}

/** Copied, because the bytes need not be aligned for an array of numbers. */
function toNumbers(bytes: Uint8Array): Float64Array {
  if (bytes.length % 8 !== 0) throw new StateDamagedError(`${bytes.length} bytes are not whole numbers`);
  return new Float64Array(new Uint8Array(bytes).buffer);
}
