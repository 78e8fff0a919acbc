import { InvalidStateError } from './registry-errors.js';

/** MLflow deletes softly: what is deleted can be restored until it is purged. */
export type LifecycleStage = 'active' | 'deleted';

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export interface Experiment {
  readonly id: string;
  readonly name: string;
  /** Undefined: below the root of all artifacts. */
  readonly artifactLocation: string | undefined;
  readonly lifecycleStage: LifecycleStage;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** The experiment that clients use when they name none. */
const defaultExperimentId = '0';

export function assertExperimentCanBeDeleted(id: string): void {
  if (id === defaultExperimentId) throw new InvalidStateError('The default experiment always exists');
}

export function assertAcceptsRuns({ id, lifecycleStage }: Pick<Experiment, 'id' | 'lifecycleStage'>): void {
  if (lifecycleStage !== 'active') {
    throw new InvalidStateError(`Experiment ${id} is deleted; restore it first`);
  }
}
