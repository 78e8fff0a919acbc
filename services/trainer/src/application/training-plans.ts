import { AppError, type Declared } from '@headrace/kernel';
import { type TrainingPlan } from './training-plan.js';

export class TrainingPlanNotFoundError extends AppError {
  readonly code = 'TRAINER_PLAN_NOT_FOUND';
  readonly kind = 'not-found';

  constructor(modelName: string, known: readonly string[]) {
    super(
      `No training plan makes a model named "${modelName}"; there are plans for ${known.join(', ') || 'none'} in config/training-plans`,
    );
  }
}

/** The declared plans, one a model. */
export class TrainingPlans {
  constructor(readonly all: readonly Declared<TrainingPlan>[]) {}

  forModel(modelName: string): Declared<TrainingPlan> {
    const found = this.all.find(({ value }) => value.modelName === modelName);
    if (found !== undefined) return found;
    throw new TrainingPlanNotFoundError(
      modelName,
      this.all.map(({ value }) => value.modelName),
    );
  }

  /** The only model when there is one plan; with more, the request has to name one. */
  only(): Declared<TrainingPlan> {
    const [first, second] = this.all;
    if (first === undefined || second !== undefined) return this.forModel('');
    return first;
  }
}
