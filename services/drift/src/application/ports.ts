import { type Evidence } from '@headrace/contracts';
import { type Verdict } from '@headrace/kernel';
import { type UnitOfWork } from '@headrace/messaging';
import { type DriftJudgement } from '../domain/judge-drift.js';
import { type LabelledPrediction } from '../domain/judge-performance.js';
import { type ModelWatch } from '../domain/model-watch.js';

/** A closed window with everything that its verdict is based on. */
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
  /** Why there was no reference to compare with. */
  readonly note: string | undefined;
  /** The decision about a new model. */
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

/** Changes the state of one model, which is locked meanwhile. What is saved and what is emitted becomes durable together. */
export interface ModelUnitOfWork extends UnitOfWork {
  /** Undefined until something about this model was saved. */
  readonly watch: ModelWatch | undefined;
  save(watch: ModelWatch): Promise<void>;
  saveReport(report: DriftReport): Promise<void>;
  savePerformance(report: PerformanceReport): Promise<void>;
  /** Idempotent per prediction. Outcomes that arrived first are joined. */
  addPredictions(predictions: readonly StoredPrediction[], label: string): Promise<void>;
  /** How many predictions of each version have a known outcome and are not measured yet. */
  countLabelledByVersion(): Promise<readonly { readonly version: number; readonly labelled: number }[]>;
  /** The oldest of these predictions, in order of event time. */
  findLabelled(version: number, limit: number): Promise<readonly ScoredPrediction[]>;
  markMeasured(predictionIds: readonly string[]): Promise<void>;
  countPredictions(version: number, from: Date, to: Date): Promise<number>;
}

/** The durable state of drift. A restart continues the same windows; two processes never count into one at a time. */
export abstract class DriftRepository {
  /** Models that have a champion. Only those are watched. */
  abstract findModelNames(): Promise<readonly string[]>;
  abstract change<T>(modelName: string, work: (unit: ModelUnitOfWork) => Promise<T>): Promise<T>;
  /** Idempotent per outcome. Labels the predictions of the same system and event time. */
  abstract addOutcomes(outcomes: readonly StoredOutcome[]): Promise<void>;
  abstract findWatch(modelName: string): Promise<ModelWatch | undefined>;
  abstract findLatestReport(modelName: string): Promise<DriftReport | undefined>;
  abstract findLatestPerformance(modelName: string): Promise<readonly PerformanceReport[]>;
  abstract deleteStoredBefore(before: Date): Promise<void>;
}
