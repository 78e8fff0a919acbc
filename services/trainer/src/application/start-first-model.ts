import { ServiceLogger } from '@headrace/service-host';
import { isAppError } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { firstModelDue } from '../domain/first-model-due.js';
import { RequestTraining } from './request-training.js';
import { type TrainingPlan } from './training-plan.js';
import { TrainingPlans } from './training-plans.js';
import { TrainingRepository } from './training-repository.js';
import { TrainingSets } from './training-sets.js';

/** Trains the first model of every plan as soon as there is enough to learn from; later ones are asked for by drift or people. */
@Injectable()
export class StartFirstModel {
  constructor(
    private readonly plans: TrainingPlans,
    private readonly trainings: TrainingRepository,
    private readonly trainingSets: TrainingSets,
    private readonly requestTraining: RequestTraining,
    private readonly logger: ServiceLogger,
  ) {}

  async execute(): Promise<void> {
    for (const { value: plan } of this.plans.all) {
      if (plan.firstModel === undefined || (await this.trainings.hasValidModel(plan.modelName))) continue;
      await this.consider(plan, plan.firstModel);
    }
  }

  private async consider(plan: TrainingPlan, policy: NonNullable<TrainingPlan['firstModel']>): Promise<void> {
    const { modelName } = plan;
    const preview = await this.trainingSets.preview(plan.view, plan.label);
    const decision = firstModelDue(
      { ...preview, triedRows: await this.trainings.findMaxFailedRows(modelName) },
      policy,
    );
    if (decision.outcome === 'wait') {
      this.logger.debug({ modelName, ...preview, reason: decision.reason }, 'The first model has to wait');
      return;
    }
    try {
      await this.requestTraining.execute({
        modelName,
        reason: `first model: ${preview.rows} labelled rows, ${preview.positives} positives`,
        requestedBy: 'trainer',
      });
    } catch (error) {
      // One is on its way already.
      if (isAppError(error) && error.code === 'TRAINER_TRAINING_IN_PROGRESS') return;
      throw error;
    }
  }
}
