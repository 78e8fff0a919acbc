import { type StepStatistics } from '../evidence/step-statistics.js';
import { type Rollout, type Version } from './rollout.js';
import { type RolloutEvent } from './rollout-events.js';

/** The delivery of one model: locked, changed and stored as a whole. */
export interface Delivery {
  readonly modelName: string;
  /** Serves all traffic outside a rollout. */
  readonly stable: Version | undefined;
  /** Versions that served before, newest first; a rollback goes to the first. */
  readonly previous: readonly Version[];
  /** Versions that exist, by number. */
  readonly versions: Readonly<Record<string, Version>>;
  /** Versions that inference has loaded and proved. */
  readonly loaded: readonly number[];
  readonly active: Rollout | undefined;
  /** Rollouts that this change has ended. They are stored on their own and not with the delivery. */
  readonly ended: readonly Rollout[];
}

/** A changed delivery and the events that announce the change. */
export interface Change {
  readonly delivery: Delivery;
  readonly events: readonly RolloutEvent[];
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

/** The rollout in progress with more evidence. Counting emits nothing. */
export function withStatistics(delivery: Delivery, rollout: Rollout, statistics: StepStatistics): Change {
  return { delivery: { ...delivery, active: { ...rollout, statistics } }, events: [] };
}
