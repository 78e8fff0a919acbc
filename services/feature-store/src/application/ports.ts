import { type EntityState } from '../domain/entity-state.js';
import { type FeatureView } from '../domain/feature-view.js';
import { type OnlineRow } from '../domain/online-row.js';

/**
 * The newest row of every system. `write` never replaces a row by an older one, whoever else writes at the same time.
 * Rows are kept well beyond the view's TTL, to distinguish a stale value from an unknown system.
 */
export abstract class OnlineStore {
  abstract write(view: FeatureView, rows: readonly OnlineRow[]): Promise<void>;
  /** In the order of the ids; undefined for an unknown system. */
  abstract read(view: FeatureView, systemIds: readonly string[]): Promise<readonly (OnlineRow | undefined)[]>;
}

/** Durable state of entities: what `save` has resolved survives a crash. */
export abstract class StateStore {
  /** Systems without stored state are left out. */
  abstract load(systemIds: readonly string[]): Promise<ReadonlyMap<string, EntityState>>;
  abstract save(states: ReadonlyMap<string, EntityState>): Promise<void>;
}

/** A stored training set. */
export interface TrainingSetObject {
  readonly key: string;
  readonly digest: string;
  readonly rows: number;
  readonly positives: number;
  readonly from: Date | undefined;
  readonly to: Date | undefined;
}

export interface TrainingSetQuery {
  readonly view: FeatureView;
  readonly label: string;
  readonly from: Date | undefined;
  readonly to: Date | undefined;
  /** Excludes everything that became known later. */
  readonly asOf: Date | undefined;
}

/** Builds training sets from the history: point-in-time correct in event time and in known time. */
export abstract class TrainingSetBuilder {
  /** The same history gives the same bytes. Undefined when the set would be empty. */
  abstract build(query: TrainingSetQuery): Promise<TrainingSetObject | undefined>;
}

export interface LabelledRows {
  readonly rows: number;
  readonly positives: number;
  readonly from: Date | undefined;
  readonly to: Date | undefined;
}

/** Counts matured outcomes in the log. */
export abstract class LabelledRowCounts {
  abstract count(label: string): Promise<LabelledRows>;
}

export interface ParityResult {
  readonly rows: number;
  readonly mismatches: number;
  readonly maxDifference: number | undefined;
  readonly from: Date;
  readonly to: Date;
}

/** Recomputes served rows from the readings, by code that shares nothing with the stream. */
export abstract class ParityCheck {
  abstract measure(view: FeatureView, from: Date, to: Date): Promise<ParityResult>;
}
