import { findBin, type FrozenHistogram } from '@headrace/statistics';
import { type ReferenceProfile } from './reference-profile.js';

/** The counts of a column over the reference's bins in this window, and how much its rows repeat each other. */
export interface ColumnCount {
  readonly counts: readonly number[];
  readonly missing: number;
  /** Rows that followed another row of the same system, and the sum of the squared steps in bins from one to the next. */
  readonly followed: number;
  readonly squaredSteps: number;
}

/** A window as it is stored between two batches; plain JSON. */
export interface DriftWindowState {
  readonly openedAt: string;
  readonly firstEvent: string | undefined;
  readonly lastEvent: string | undefined;
  readonly rows: number;
  readonly predictions: number;
  readonly features: Readonly<Record<string, ColumnCount>>;
  readonly prediction: ColumnCount;
  /** Bins of the last row of each system by column; the prediction comes last. -1: none yet. */
  readonly lastBins: Readonly<Record<string, readonly number[]>>;
  /** Short ids of the events that are counted, so that a repeated delivery is not. */
  readonly counted: readonly string[];
  /** The newest event, which decisions name as their cause. */
  readonly lastFactId: string | undefined;
}

export interface FeatureRow {
  readonly id: string;
  readonly systemId: string;
  readonly eventTime: string;
  readonly features: Readonly<Record<string, number | null>>;
}

export interface PredictionRow {
  readonly id: string;
  readonly systemId: string | undefined;
  readonly probability: number;
}

interface MutableColumn {
  counts: number[];
  missing: number;
  followed: number;
  squaredSteps: number;
}

/** With more systems, repetition is measured on the first ones only. The counts stay complete. */
const MAX_TRACKED_SYSTEMS = 1000;
const MISSING = -2;
const UNKNOWN = -1;

/** The open window of one model. It counts rows into frozen bins, so it keeps no raw values and merges exactly. */
export class DriftWindow {
  private readonly columns: MutableColumn[];
  private readonly counted: Set<string>;
  private readonly lastBins: Map<string, number[]>;
  private readonly names: readonly string[];
  private rows: number;
  private predictions: number;
  private firstEvent: string | undefined;
  private lastEvent: string | undefined;
  private lastFactId: string | undefined;

  private constructor(
    private readonly profile: ReferenceProfile,
    private readonly openedAt: string,
    stored?: DriftWindowState,
  ) {
    this.names = Object.keys(profile.features);
    const empty = (reference: FrozenHistogram): MutableColumn => ({
      counts: reference.counts.map(() => 0),
      missing: 0,
      followed: 0,
      squaredSteps: 0,
    });
    const restore = (reference: FrozenHistogram, column: ColumnCount | undefined): MutableColumn =>
      column ? { ...column, counts: [...column.counts] } : empty(reference);
    this.columns = this.names.map((name) =>
      restore(profile.features[name] as FrozenHistogram, stored?.features[name]),
    );
    this.columns.push(restore(profile.prediction, stored?.prediction));
    this.counted = new Set(stored?.counted);
    this.lastBins = new Map(
      Object.entries(stored?.lastBins ?? {}).map(([system, bins]) => [system, [...bins]]),
    );
    this.rows = stored?.rows ?? 0;
    this.predictions = stored?.predictions ?? 0;
    this.firstEvent = stored?.firstEvent;
    this.lastEvent = stored?.lastEvent;
    this.lastFactId = stored?.lastFactId;
  }

  static open(profile: ReferenceProfile, now: Date): DriftWindow {
    return new DriftWindow(profile, now.toISOString());
  }

  static restore(profile: ReferenceProfile, state: DriftWindowState): DriftWindow {
    return new DriftWindow(profile, state.openedAt, state);
  }

  get rowCount(): number {
    return this.rows;
  }

  /** A feature that the row lacks counts as missing. A feature that the reference lacks is ignored. */
  countFeatures(row: FeatureRow): void {
    if (this.isCounted(row.id)) return;
    this.rows += 1;
    this.lastFactId = row.id;
    const time = new Date(row.eventTime).toISOString();
    if (this.firstEvent === undefined || time < this.firstEvent) this.firstEvent = time;
    if (this.lastEvent === undefined || time > this.lastEvent) this.lastEvent = time;
    const previous = this.findPreviousBins(row.systemId);
    this.names.forEach((name, index) => {
      const value = row.features[name] ?? Number.NaN;
      this.count(index, this.profile.features[name] as FrozenHistogram, value, previous);
    });
  }

  countPrediction(row: PredictionRow): void {
    if (this.isCounted(row.id)) return;
    this.predictions += 1;
    this.lastFactId ??= row.id;
    const previous = row.systemId === undefined ? undefined : this.findPreviousBins(row.systemId);
    this.count(this.names.length, this.profile.prediction, row.probability, previous);
  }

  toState(): DriftWindowState {
    const prediction = this.columns[this.names.length] as MutableColumn;
    return {
      openedAt: this.openedAt,
      firstEvent: this.firstEvent,
      lastEvent: this.lastEvent,
      rows: this.rows,
      predictions: this.predictions,
      features: Object.fromEntries(
        this.names.map((name, index) => [name, this.columns[index] as MutableColumn]),
      ),
      prediction,
      lastBins: Object.fromEntries(this.lastBins),
      counted: [...this.counted],
      lastFactId: this.lastFactId,
    };
  }

  private isCounted(id: string): boolean {
    // Half of the digits of a 128-bit id identify an event within one window and halve the stored size.
    const short = id.slice(0, 16) + (id.length > 16 ? String(id.length) + id.slice(-4) : '');
    if (this.counted.has(short)) return true;
    this.counted.add(short);
    return false;
  }

  private findPreviousBins(systemId: string): number[] | undefined {
    const previous = this.lastBins.get(systemId);
    if (previous || this.lastBins.size >= MAX_TRACKED_SYSTEMS) return previous;
    const fresh = this.columns.map(() => UNKNOWN);
    this.lastBins.set(systemId, fresh);
    return fresh;
  }

  private count(
    index: number,
    reference: FrozenHistogram,
    value: number,
    previous: number[] | undefined,
  ): void {
    const column = this.columns[index] as MutableColumn;
    const bin = Number.isNaN(value) ? MISSING : findBin(reference.edges, value);
    if (bin === MISSING) column.missing += 1;
    else column.counts[bin] = (column.counts[bin] ?? 0) + 1;
    if (!previous) return;
    const before = previous[index] ?? UNKNOWN;
    if (before >= 0 && bin >= 0) {
      column.followed += 1;
      column.squaredSteps += (bin - before) ** 2;
    }
    previous[index] = bin;
  }
}

/** The column as a histogram over the reference's edges. */
export function toHistogram(reference: FrozenHistogram, column: ColumnCount): FrozenHistogram {
  const values = column.counts.reduce((sum, count) => sum + count, 0);
  return {
    edges: reference.edges,
    counts: column.counts,
    missing: column.missing,
    total: values + column.missing,
  };
}
