import { type LogPosition } from '@headrace/contracts';
import { type UnitOfWork } from '@headrace/messaging';
import { type Change, type Delivery } from '../domain/rollout/delivery.js';
import { type Rollout } from '../domain/rollout/rollout.js';

/** A row that both arms have scored and whose outcome is not known yet. */
export interface WaitingScore {
  readonly rolloutId: string;
  readonly systemId: string;
  readonly eventTime: Date;
  readonly baseline: number;
  readonly canary: number;
}

/** What a change of deliveries reads and writes in one transaction. */
export interface DeliveryUnitOfWork extends UnitOfWork {
  /** The delivery of a model, locked until the transaction ends. A model without one gets a new one. */
  load(modelName: string): Promise<Delivery>;
  /** Stores a changed delivery with its rollouts and emits the events of the change. */
  save(change: Change, now: Date): Promise<void>;
  /** The events, all of one partition and in order, that lie behind the stored position; moves it to the last of them. */
  takeUncounted<Event extends { readonly position: LogPosition }>(
    events: readonly Event[],
  ): Promise<readonly Event[]>;
  addWaitingScores(scores: readonly WaitingScore[]): Promise<void>;
  countWaitingScores(rolloutId: string): Promise<number>;
  /** Removes and returns the scores of a rollout that these outcomes belong to: each is returned once. */
  takeWaitingScores(
    rolloutId: string,
    outcomes: readonly { readonly systemId: string; readonly eventTime: Date }[],
  ): Promise<readonly WaitingScore[]>;
  /** Models with a rollout in progress. */
  findActiveModels(): Promise<readonly string[]>;
}

/** Stores deliveries. A change and its events are stored in one transaction, so that they survive a crash together. */
export abstract class DeliveryRepository {
  abstract change<T>(work: (unit: DeliveryUnitOfWork) => Promise<T>): Promise<T>;
  /** Newest first. */
  abstract findRollouts(filter: {
    readonly modelName?: string | undefined;
    readonly limit: number;
  }): Promise<readonly Rollout[]>;
  abstract findRollout(rolloutId: string): Promise<Rollout | undefined>;
  /** Models with a rollout in progress. */
  abstract findActiveModels(): Promise<readonly string[]>;
}
