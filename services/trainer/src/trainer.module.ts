import { Clock } from '@headrace/kernel';
import { ObjectStore } from '@headrace/object-store';
import {
  HttpPeer,
  loadDeclarations,
  ServiceLogger,
  type Backends,
  type ServiceDefinition,
} from '@headrace/service-host';
import { Module, type DynamicModule } from '@nestjs/common';
import { RetrainingEvents } from './adapters/events/retraining.events.js';
import { FeatureStoreTrainingSets } from './adapters/feature-store/feature-store-training-sets.js';
import { TrainingsController } from './adapters/http/trainings.controller.js';
import { trainerSchema } from './adapters/persistence/trainer-schema.js';
import { TypeormTrainingRepository } from './adapters/persistence/typeorm-training-repository.js';
import { XgboostGradientBooster } from './adapters/xgboost/xgboost-gradient-booster.js';
import { CancelTraining } from './application/cancel-training.js';
import { TrainingQueue } from './application/training-queue.js';
import { GradientBooster } from './application/gradient-booster.js';
import { ReadTrainings } from './application/read-trainings.js';
import { RequestTraining } from './application/request-training.js';
import { RunTraining } from './application/run-training.js';
import { StartFirstModel } from './application/start-first-model.js';
import { trainingPlan } from './application/training-plan.js';
import { TrainingPlans } from './application/training-plans.js';
import { TrainingRepository } from './application/training-repository.js';
import { TrainingRuns } from './application/training-run.js';
import { TrainingSets } from './application/training-sets.js';
import { WorkOffTrainings } from './application/work-off-trainings.js';
import { trainerConfigSchema, type TrainerConfig } from './trainer.config.js';

@Module({})
export class TrainerModule {
  static forRoot(
    config: TrainerConfig,
    plans: TrainingPlans,
    booster: GradientBooster,
    { database, objects, clock, logger, breakers, tasks }: Backends,
  ): DynamicModule {
    const featureStore = new HttpPeer({
      name: 'feature-store',
      baseUrl: config.featureStoreUrl,
      breakers,
      breaker: { timeoutMs: config.buildTimeoutMs },
    });
    return {
      module: TrainerModule,
      controllers: [TrainingsController, RetrainingEvents],
      providers: [
        { provide: TrainingPlans, useValue: plans },
        { provide: TrainingRepository, useValue: new TypeormTrainingRepository(database) },
        { provide: TrainingSets, useValue: new FeatureStoreTrainingSets(featureStore, objects) },
        { provide: GradientBooster, useValue: booster },
        { provide: ObjectStore, useValue: objects },
        { provide: TrainingQueue, useValue: { wake: () => tasks.trigger(WorkOffTrainings) } },
        { provide: Clock, useValue: clock },
        { provide: ServiceLogger, useValue: logger },
        RequestTraining,
        CancelTraining,
        ReadTrainings,
        TrainingRuns,
        RunTraining,
        WorkOffTrainings,
        StartFirstModel,
      ],
    };
  }
}

export const trainer: ServiceDefinition<TrainerConfig> = {
  name: 'trainer',
  configSchema: trainerConfigSchema,
  uses: ['database', 'objects'],
  database: trainerSchema,
  async compose(config, backends) {
    const booster = await XgboostGradientBooster.open(
      {
        ...(config.xgboost.library !== undefined && { configuredPath: config.xgboost.library }),
        ...(config.xgboost.cacheDirectory !== undefined && { cacheDirectory: config.xgboost.cacheDirectory }),
      },
      { ...(config.threads !== undefined && { threads: config.threads }), workers: config.workers },
    );
    for (const rejected of booster.found.rejected) {
      backends.logger.warn({ ...rejected }, 'An XGBoost library was found and cannot be used');
    }
    backends.logger.info({ ...booster.library }, 'XGBoost is ready');
    const plans = loadDeclarations('training-plans', trainingPlan, config.configDirectory);
    // What a killed process left behind is resumed at once.
    backends.tasks.trigger(WorkOffTrainings);
    return {
      module: TrainerModule.forRoot(config, new TrainingPlans(plans), booster, backends),
      tasks: [
        { name: 'working off trainings', everyMs: config.pollMs, useCase: WorkOffTrainings },
        { name: 'starting first models', everyMs: config.firstModelCheckMs, useCase: StartFirstModel },
      ],
    };
  },
};
