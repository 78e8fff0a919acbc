import { causedBy, TrainingRequested, type Cause } from '@headrace/contracts';
import { AppError, Clock, deterministicId, newId } from '@headrace/kernel';
import { eventOf } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { TrainingQueue } from './training-queue.js';
import { TrainingPlans } from './training-plans.js';
import { TrainingRepository } from './training-repository.js';

export class TrainingInProgressError extends AppError {
  readonly code = 'TRAINER_TRAINING_IN_PROGRESS';
  readonly kind = 'conflict';

  constructor(
    modelName: string,
    readonly trainingId: string,
  ) {
    super(`Training ${trainingId} of ${modelName} is not finished; wait for it or cancel it`);
  }
}

export interface TrainingRequest {
  /** Undefined: the only model that has a plan. */
  readonly modelName?: string | undefined;
  readonly reason: string;
  readonly requestedBy: string;
  /** The event that caused it; the same event never starts a second training. */
  readonly cause?: Cause;
}

/** Puts a training into the queue. At most one of a model is unfinished; a request while one is unfinished is refused. */
@Injectable()
export class RequestTraining {
  constructor(
    private readonly plans: TrainingPlans,
    private readonly trainings: TrainingRepository,
    private readonly queue: TrainingQueue,
    private readonly clock: Clock,
  ) {}

  /** Answers the id of the training; undefined when this cause had its training before. */
  async execute(request: TrainingRequest): Promise<string | undefined> {
    const declared =
      request.modelName === undefined ? this.plans.only() : this.plans.forModel(request.modelName);
    const { value: plan, version } = declared;
    const { modelName } = plan;
    const requestedAt = this.clock.now();
    const id = newId(requestedAt);
    const requestFactId = deterministicId(id, 'training-requested');
    const { reason, requestedBy, cause } = request;
    const requested = eventOf(TrainingRequested, {
      id: requestFactId,
      time: requestedAt,
      payload: { trainingId: id, modelName, reason, requestedBy, requestedAt: requestedAt.toISOString() },
      ...causedBy(cause),
      actor: requestedBy,
    });
    const stored = await this.trainings.request(
      { id, modelName, reason, requestedBy, plan: { plan, version }, requestFactId, requestedAt },
      [requested],
      cause?.id,
    );
    if (stored.outcome === 'busy') throw new TrainingInProgressError(modelName, stored.by);
    if (stored.outcome === 'seen') return undefined;
    this.queue.wake();
    return id;
  }
}
