import { type Evidence } from '@headrace/contracts';
import { type UnitOfWork } from '@headrace/messaging';
import { type AliasSpan } from '../domain/alias-timeline.js';
import { type Experiment, type KeyValue, type LifecycleStage } from '../domain/experiment.js';
import { type HistoryEntry, type ModelStage, type RegisteredModel } from '../domain/registered-model.js';
import {
  type MetricPoint,
  type NewRun,
  type Run,
  type RunChange,
  type RunState,
  type RunStatus,
} from '../domain/run.js';

export interface StoredFile {
  readonly key: string;
  readonly digest: string;
}

/** A version before the ledger numbers it. */
export interface NewVersion {
  readonly modelName: string;
  readonly source: string;
  readonly runId: string | undefined;
  readonly runLink: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly digest: string;
  readonly artifactKey: string;
  /** The file can be served: it is ONNX. */
  readonly onnx: boolean;
  readonly artifacts: Readonly<Record<string, StoredFile>>;
  readonly featureNames: readonly string[];
  readonly members: readonly { readonly name: string; readonly kind: string }[];
  readonly label: string;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly evidence: readonly Evidence[];
  readonly training: unknown;
  readonly validated: boolean;
}

export interface ModelVersion extends NewVersion {
  readonly version: number;
  readonly userId: string;
  readonly stage: string;
  readonly unstableSince: Date | undefined;
  readonly unstableReason: string | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A run of the trainer. */
export interface OpenRun {
  readonly runId: string;
  readonly experiment: string;
  readonly name: string;
  readonly userId: string;
  readonly startedAt: Date;
  readonly tags: Readonly<Record<string, string>>;
}

export interface FinishedRun extends OpenRun {
  /** Default FINISHED. */
  readonly status?: Extract<RunStatus, 'FINISHED' | 'FAILED' | 'KILLED'>;
  readonly finishedAt: Date;
  readonly parameters: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
  /** Files by their path below the run's artifacts. */
  readonly files: Readonly<Record<string, StoredFile & { readonly size: number }>>;
}

export interface AliasMove {
  readonly modelName: string;
  readonly alias: string;
  /** Undefined: the alias is removed. */
  readonly version: number | undefined;
  readonly at: Date;
  readonly reason: string;
  readonly rolloutId: string | undefined;
}

/**
 * What a change reads, it locks until it commits: two changes of one version, model or alias run one after the other.
 * Locking a model or a version that does not exist rejects with NotFoundError.
 */
export interface LedgerUnitOfWork extends UnitOfWork {
  /** Creates a running run and its experiment. An existing run, finished or not, stays as it is. */
  openRun(run: OpenRun): Promise<void>;
  /**
   * Creates a finished run, or finishes the one that was opened.
   *
   * @returns the root of the run's artifacts
   */
  saveFinishedRun(run: FinishedRun): Promise<string>;
  /** Assigns the next number. A number is never reused, not even after its version was deleted. */
  addVersion(version: NewVersion, createIfMissing: boolean, at: Date): Promise<ModelVersion>;
  lockModel(name: string): Promise<RegisteredModel>;
  /** The versions, the tags and the history of aliases follow. Rejects with AlreadyExistsError if the name is taken. */
  renameModel(name: string, newName: string, at: Date): Promise<void>;
  deleteModel(name: string): Promise<void>;
  lockVersion(modelName: string, version: number): Promise<ModelVersion>;
  moveToStage(version: ModelVersion, stage: ModelStage, at: Date): Promise<void>;
  /** Archives every other version that is in this stage. */
  archiveOthers(version: ModelVersion, stage: ModelStage, at: Date): Promise<void>;
  deleteVersion(version: ModelVersion, at: Date): Promise<void>;
  /** Aliases that point to this version now. */
  lockAliasesOf(modelName: string, version: number): Promise<readonly string[]>;
  /** Undefined: the alias points to no version now. */
  lockAlias(modelName: string, alias: string): Promise<AliasSpan | undefined>;
  moveAlias(move: AliasMove): Promise<void>;
  setStability(
    version: ModelVersion,
    unstable: boolean,
    at: Date,
    reason: string,
    rolloutId: string | undefined,
  ): Promise<void>;
}

/** Models, versions and aliases, where a decision depends on what is stored. */
export abstract class ModelLedger {
  /** Runs `work` in one transaction; an error rolls back everything, including the emitted events. */
  abstract change<T>(work: (unit: LedgerUnitOfWork) => Promise<T>): Promise<T>;
}

export interface Search {
  /** In MLflow's filter language. */
  readonly filter: string | undefined;
  readonly orderBy: readonly string[];
  readonly maxResults: number;
  readonly pageToken: string | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Undefined on the last page. */
  readonly nextPageToken: string | undefined;
}

export type ViewType = 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL';

/**
 * Models and versions: reads, and writes without a condition. Whatever is loaded or described and does not exist rejects
 * with NotFoundError; deleting a tag that does not exist does nothing.
 */
export abstract class ModelRepository {
  /** Stores the model and its tags together. Rejects with AlreadyExistsError if the name is taken. */
  abstract create(name: string, description: string, tags: readonly KeyValue[]): Promise<RegisteredModel>;
  abstract load(name: string): Promise<RegisteredModel>;
  /** In the requested order, then by name. */
  abstract search(search: Search): Promise<Page<RegisteredModel>>;
  abstract describe(name: string, description: string): Promise<RegisteredModel>;
  abstract setTag(name: string, key: string, value: string): Promise<void>;
  abstract deleteTag(name: string, key: string): Promise<void>;
  abstract loadVersion(name: string, version: number): Promise<ModelVersion>;
  abstract searchVersions(search: Search): Promise<Page<ModelVersion>>;
  /** Newest first, older than `before`. */
  abstract listVersions(
    name: string,
    limit: number,
    before: number | undefined,
  ): Promise<readonly ModelVersion[]>;
  /** The newest version of each stage; no stages mean all. */
  abstract listLatestVersions(name: string, stages: readonly string[]): Promise<readonly ModelVersion[]>;
  abstract describeVersion(name: string, version: number, description: string): Promise<ModelVersion>;
  abstract setVersionTag(name: string, version: number, key: string, value: string): Promise<void>;
  abstract deleteVersionTag(name: string, version: number, key: string): Promise<void>;
  /** Oldest first; it is kept after the version is deleted. */
  abstract listHistory(name: string, version: number): Promise<readonly HistoryEntry[]>;
  /** All spans of an alias, oldest first; with an instant, only those that include it. */
  abstract listAliasSpans(name: string, alias: string, at?: Date): Promise<readonly AliasSpan[]>;
}

/** Reading or changing an experiment that does not exist rejects with NotFoundError. */
export abstract class ExperimentRepository {
  /**
   * Stores the experiment and its tags together. Rejects with AlreadyExistsError if the name is taken.
   *
   * @returns the id
   */
  abstract create(name: string, location: string | undefined, tags: readonly KeyValue[]): Promise<string>;
  abstract load(id: string): Promise<Experiment>;
  abstract loadByName(name: string): Promise<Experiment>;
  /** In the requested order, by default the last updated first. */
  abstract search(search: Search, view: ViewType): Promise<Page<Experiment>>;
  abstract rename(id: string, name: string): Promise<void>;
  abstract setLifecycleStage(id: string, stage: LifecycleStage): Promise<void>;
  abstract setTag(id: string, key: string, value: string): Promise<void>;
}

export interface RunSearch extends Search {
  readonly experimentIds: readonly string[];
  readonly view: ViewType;
}

/** Reading or changing a run that does not exist rejects with NotFoundError. */
export abstract class RunRepository {
  /** Stores the run and its tags in one transaction. */
  abstract create(run: NewRun): Promise<void>;
  abstract load(id: string): Promise<Run>;
  /** In the requested order, then the last started first. Metrics are compared by their latest value. */
  abstract search(search: RunSearch): Promise<Page<Run>>;
  /**
   * Locks the run and stores what `decide` returns in one transaction; an error of `decide` stores nothing. A point that
   * is stored already is stored once. `latestMetrics` replace older points only, by step, then time, then value.
   *
   * @param paramKeys the parameters whose stored values `decide` needs
   */
  abstract update(
    id: string,
    paramKeys: readonly string[],
    decide: (run: RunState) => RunChange,
  ): Promise<void>;
  abstract setLifecycleStage(id: string, stage: LifecycleStage): Promise<void>;
  abstract deleteTag(id: string, key: string): Promise<void>;
  /** All points of a metric, oldest first. */
  abstract listMetricPoints(
    id: string,
    key: string,
    maxResults: number,
    pageToken: string | undefined,
  ): Promise<Page<MetricPoint>>;
}

export interface ArtifactEntry {
  readonly path: string;
  readonly digest: string;
  readonly objectKey: string;
  readonly size: number;
}

export interface ListedFile {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly size: number | undefined;
}

/**
 * Artifacts by path. Equal bytes are stored once. Every method rejects a path that is not safe with
 * ArtifactPathRefusedError.
 */
export abstract class ArtifactStore {
  /** Replaces what the path held. Rejects with ArtifactTooLargeError above the limit; then nothing is stored. */
  abstract put(path: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** Rejects with NotFoundError. */
  abstract open(path: string): Promise<{ entry: ArtifactEntry; content: AsyncIterable<Uint8Array> }>;
  /** Files and folders directly below a path. */
  abstract list(path: string): Promise<readonly ListedFile[]>;
  /** Removes a file or a folder. Bytes that a version or another path still uses stay. */
  abstract remove(path: string): Promise<void>;
  /** All files at or below a path, ordered by path. */
  abstract listBelow(path: string): Promise<readonly ArtifactEntry[]>;
  /** The bytes, verified against the digest. */
  abstract readContent(file: StoredFile): Promise<Uint8Array>;
}
