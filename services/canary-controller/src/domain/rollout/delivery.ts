import { type Rollout, type Version } from './rollout.js';
import { type Statement } from './statements.js';

/** Everything that is known about the delivery of one model: the unit that is locked, changed and stored. */
export interface Delivery {
  readonly modelName: string;
  /** Serves the traffic that no rollout has. */
  readonly stable: Version | undefined;
  /** Versions that served before, newest first; a rollback goes to the first. */
  readonly previous: readonly Version[];
  /** Versions that exist, by number. */
  readonly versions: Readonly<Record<string, Version>>;
  /** Versions that inference has proved it can serve. */
  readonly loaded: readonly number[];
  readonly active: Rollout | undefined;
  /** The rollout that has ended with this change; stored, then left out. */
  readonly ended: readonly Rollout[];
}

export interface Change {
  readonly delivery: Delivery;
  readonly statements: readonly Statement[];
}

export function newDelivery(modelName: string): Delivery {
  return {
    modelName,
    stable: undefined,
    previous: [],
    versions: {},
    loaded: [],
    active: undefined,
    ended: [],
  };
}
