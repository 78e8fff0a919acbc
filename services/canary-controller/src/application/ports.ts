import { type Change, type Delivery } from '../domain/rollout/delivery.js';
import { type NamedPolicy } from '../domain/policy/rollout-policy.js';
import { type Rollout } from '../domain/rollout/rollout.js';

/** Where a fact lies in the log. */
export interface FactPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly index: number;
}

/** A row that both arms have scored and whose outcome is not known yet. */
export interface WaitingScore {
  readonly rolloutId: string;
  readonly systemId: string;
  readonly eventTime: Date;
  readonly baseline: number;
  readonly canary: number;
}

/** One unit of work: all of it becomes visible together, with the facts that it states. */
export interface DeliveryUnitOfWork {
  /** The delivery of a model, locked until the end of the work; a new one when the model is not known. */
  load(modelName: string): Promise<Delivery>;
  /** Stores a changed delivery and its rollouts, and states the facts. */
  save(change: Change, now: Date): Promise<void>;
  /** False when this handler has seen the event before. */
  claim(handler: string, eventId: string): Promise<boolean>;
  /** Those facts of one partition that were not counted yet; remembers that they are now. */
  notCounted<Fact extends { readonly position: FactPosition }>(
    facts: readonly Fact[],
  ): Promise<readonly Fact[]>;
  addWaiting(scores: readonly WaitingScore[]): Promise<void>;
  waitingCount(rolloutId: string): Promise<number>;
  /** Takes the scores of a rollout that these outcomes belong to, each once. */
  takeWaiting(
    rolloutId: string,
    outcomes: readonly { readonly systemId: string; readonly eventTime: Date }[],
  ): Promise<readonly WaitingScore[]>;
  forgetWaiting(rolloutId: string): Promise<void>;
  activeModels(): Promise<readonly string[]>;
}

/** Keeps deliveries. A change and what it states are stored in one transaction; the state survives any crash. */
export abstract class DeliveryRepository {
  abstract change<T>(work: (store: DeliveryUnitOfWork) => Promise<T>): Promise<T>;
  abstract rollouts(filter: {
    readonly modelName?: string | undefined;
    readonly limit: number;
  }): Promise<readonly Rollout[]>;
  abstract rollout(rolloutId: string): Promise<Rollout | undefined>;
  abstract activeModels(): Promise<readonly string[]>;
}

/** The policies in force, as they were declared. */
export class RolloutPolicies {
  constructor(readonly all: readonly NamedPolicy[]) {}
}
