import { type Evidence } from '@headrace/contracts';
import { type Verdict } from '@headrace/kernel';
import { type PendingEvent } from '@headrace/messaging';
import { type DriftJudgement } from '../domain/judge-drift.js';
import { type LabelledPrediction } from '../domain/judge-performance.js';
import { type ModelWatch } from '../domain/model-watch.js';

/** A closed window with all that its verdict was made from. */
export interface DriftReport {
  readonly driftId: string;
  readonly modelName: string;
  readonly modelVersion: number;
  readonly windowStart: string;
  readonly windowEnd: string;
  readonly closedAt: string;
  readonly rows: number;
  readonly predictions: number;
  readonly referenceRows: number;
  readonly policyVersion: string;
  readonly judgement: DriftJudgement;
  /** Why there was nothing to compare with. */
  readonly note: string | undefined;
  /** What was decided about a new model. */
  readonly retraining: string;
}

export interface PerformanceReport {
  readonly modelName: string;
  readonly modelVersion: number;
  readonly windowStart: string;
  readonly windowEnd: string;
  readonly measuredAt: string;
  readonly predictions: number;
  readonly labelled: number;
  readonly verdict: Verdict;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly evidence: readonly Evidence[];
}

export interface StoredPrediction {
  readonly predictionId: string;
  readonly modelVersion: number;
  readonly systemId: string;
  readonly eventTime: string;
  readonly probability: number;
}

export interface StoredOutcome {
  readonly outcomeId: string;
  readonly label: string;
  readonly systemId: string;
  readonly eventTime: string;
  readonly value: number;
}

export interface ScoredPrediction extends LabelledPrediction {
  readonly predictionId: string;
  readonly eventTime: Date;
}

/** One unit of work on one model: its state is locked, and what is saved and stated becomes visible together. */
export interface ModelUnitOfWork {
  /** Undefined: nothing is known of this model yet. */
  readonly watch: ModelWatch | undefined;
  save(watch: ModelWatch): Promise<void>;
  saveReport(report: DriftReport): Promise<void>;
  savePerformance(report: PerformanceReport): Promise<void>;
  /** Idempotent per prediction; outcomes that came first are joined. */
  addPredictions(predictions: readonly StoredPrediction[], label: string): Promise<void>;
  /** Versions with predictions whose outcome is known and not yet measured, with their number. */
  countLabelledByVersion(): Promise<readonly { readonly version: number; readonly labelled: number }[]>;
  /** The oldest of them, in order of event time. */
  findLabelled(version: number, limit: number): Promise<readonly ScoredPrediction[]>;
  markMeasured(predictionIds: readonly string[]): Promise<void>;
  countPredictions(version: number, from: Date, to: Date): Promise<number>;
  emit(...facts: readonly PendingEvent[]): Promise<void>;
  claim(handler: string, eventId: string): Promise<boolean>;
}

/** What drift knows, durable. A restart goes on with the same windows; two processes never count into one at a time. */
export abstract class DriftRepository {
  /** Of the models that have a champion: only those are watched. */
  abstract findModelNames(): Promise<readonly string[]>;
  abstract change<T>(modelName: string, work: (unit: ModelUnitOfWork) => Promise<T>): Promise<T>;
  /** Idempotent per outcome; predictions of the same system and event time learn their label. */
  abstract addOutcomes(outcomes: readonly StoredOutcome[]): Promise<void>;
  abstract findWatch(modelName: string): Promise<ModelWatch | undefined>;
  abstract findLatestReport(modelName: string): Promise<DriftReport | undefined>;
  abstract findLatestPerformance(modelName: string): Promise<readonly PerformanceReport[]>;
  abstract deleteStoredBefore(before: Date): Promise<void>;
}
