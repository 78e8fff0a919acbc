import { AppError } from '@headrace/kernel';
import { type DeclaredPlan } from './training-plan.js';

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
  constructor(readonly all: readonly DeclaredPlan[]) {}

  of(modelName: string): DeclaredPlan {
    const found = this.all.find(({ plan }) => plan.modelName === modelName);
    if (found !== undefined) return found;
    throw new TrainingPlanNotFoundError(
      modelName,
      this.all.map(({ plan }) => plan.modelName),
    );
  }

  /** The only model when there is one plan; with more, the request has to name one. */
  only(): DeclaredPlan {
    const [first, second] = this.all;
    if (first === undefined || second !== undefined) return this.of('');
    return first;
  }
}
