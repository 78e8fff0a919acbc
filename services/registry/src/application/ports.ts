import { type Evidence } from '@headrace/contracts';
import { type PendingEvent } from '@headrace/messaging';
import { type AliasSpan } from '../domain/alias-timeline.js';

export interface StoredFile {
  readonly key: string;
  readonly digest: string;
}

/** A version as it comes in; its number is given by the ledger. */
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

/** A run that is made elsewhere. */
export interface OpenRun {
  readonly runId: string;
  readonly experiment: string;
  readonly name: string;
  readonly userId: string;
  readonly startedAt: Date;
  readonly tags: Readonly<Record<string, string>>;
}

/** One that arrives finished. */
export interface FinishedRun extends OpenRun {
  /** MLflow's words. Default FINISHED. */
  readonly status?: 'FINISHED' | 'FAILED' | 'KILLED';
  readonly finishedAt: Date;
  readonly parameters: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
  /** Files by their path below the run's artifacts. */
  readonly files: Readonly<Record<string, StoredFile & { readonly size: number }>>;
}

export interface AliasMove {
  readonly modelName: string;
  readonly alias: string;
  /** Undefined: the alias is taken away. */
  readonly version: number | undefined;
  readonly at: Date;
  readonly reason: string;
  readonly rolloutId: string | undefined;
}

/** Changes that become visible together, with the facts that they state. */
export interface LedgerUnitOfWork {
  claim(handler: string, eventId: string): Promise<boolean>;
  emit(...facts: readonly PendingEvent[]): Promise<void>;
  /** Makes a run that goes on elsewhere; one that is there, finished or not, stays as it is. */
  openRun(run: OpenRun): Promise<void>;
  /**
   * Makes a run, or ends the one that was opened.
   *
   * @returns the root of the run's artifacts
   */
  saveFinishedRun(run: FinishedRun): Promise<string>;
  /** Gives the next number; a number is never given twice, also when its version was deleted. */
  addVersion(version: NewVersion, createIfMissing: boolean, at: Date): Promise<ModelVersion>;
  /** Locked until the change ends. */
  lockVersion(modelName: string, version: number): Promise<ModelVersion | undefined>;
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

export abstract class ModelLedger {
  abstract change<T>(work: (change: LedgerUnitOfWork) => Promise<T>): Promise<T>;
}

export interface ArtifactEntry {
  readonly path: string;
  readonly digest: string;
  readonly objectKey: string;
  readonly size: number;
}

export abstract class ArtifactStore {
  /** All files at or below a path, in order. */
  abstract listBelow(path: string): Promise<readonly ArtifactEntry[]>;
  /** The bytes, verified against the digest. */
  abstract readContent(entry: StoredFile): Promise<Uint8Array>;
}
