import { Clock } from '@headrace/kernel';
import { ObjectStore } from '@headrace/object-store';
import {
  HttpPeer,
  loadDeclarations,
  ServiceLogger,
  type Backends,
  type Composition,
  type ServiceDefinition,
} from '@headrace/service-host';
import { Module, type DynamicModule } from '@nestjs/common';
import { RetrainingEvents } from './adapters/events/retraining.events.js';
import { FeatureStoreTrainingSets } from './adapters/feature-store/feature-store-training-sets.js';
import { TrainingsController } from './adapters/http/trainings.controller.js';
import { trainerSchema } from './adapters/persistence/trainer-schema.js';
import { TypeormTrainingRepository } from './adapters/persistence/typeorm-training-repository.js';
import { TimerScheduler } from './adapters/timer-scheduler.js';
import { XgboostGradientBooster } from './adapters/xgboost/xgboost-gradient-booster.js';
import { CancelTraining } from './application/cancel-training.js';
import { TrainingQueue } from './application/training-queue.js';
import { GradientBooster } from './application/gradient-booster.js';
import { Intervals, KeepTraining } from './application/keep-training.js';
import { ReadTrainings } from './application/read-trainings.js';
import { RequestTraining } from './application/request-training.js';
import { RunTraining } from './application/run-training.js';
import { Scheduler } from './application/scheduler.js';
import { StartFirstModel } from './application/start-first-model.js';
import { trainingPlan } from './application/training-plan.js';
import { TrainingPlans } from './application/training-plans.js';
import { TrainingRepository } from './application/training-repository.js';
import { TrainingRuns } from './application/training-run.js';
import { TrainingSets } from './application/training-sets.js';
import { Shutdown, WorkOffTrainings } from './application/work-off-trainings.js';
import { trainerConfigSchema, type TrainerConfig } from './trainer.config.js';

export interface TrainerDependencies {
  readonly config: Pick<TrainerConfig, 'pollMs' | 'firstModelCheckMs'>;
  readonly plans: TrainingPlans;
  readonly trainings: TrainingRepository;
  readonly trainingSets: TrainingSets;
  readonly booster: GradientBooster;
  readonly objects: ObjectStore;
  readonly scheduler: Scheduler;
  readonly shutdown: Shutdown;
  readonly clock: Clock;
  readonly logger: ServiceLogger;
}

@Module({})
export class TrainerModule {
  static forRoot(dependencies: TrainerDependencies): DynamicModule {
    const { config } = dependencies;
    return {
      module: TrainerModule,
      controllers: [TrainingsController, RetrainingEvents],
      providers: [
        { provide: TrainingPlans, useValue: dependencies.plans },
        { provide: TrainingRepository, useValue: dependencies.trainings },
        { provide: TrainingSets, useValue: dependencies.trainingSets },
        { provide: GradientBooster, useValue: dependencies.booster },
        { provide: ObjectStore, useValue: dependencies.objects },
        { provide: Scheduler, useValue: dependencies.scheduler },
        { provide: Shutdown, useValue: dependencies.shutdown },
        { provide: Clock, useValue: dependencies.clock },
        { provide: ServiceLogger, useValue: dependencies.logger },
        { provide: Intervals, useValue: new Intervals(config.pollMs, config.firstModelCheckMs) },
        TrainingQueue,
        RequestTraining,
        CancelTraining,
        ReadTrainings,
        TrainingRuns,
        RunTraining,
        WorkOffTrainings,
        StartFirstModel,
        KeepTraining,
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
    return composeTrainer(
      config,
      backends,
      booster,
      new TrainingPlans(plans.map(({ value, version }) => ({ plan: value, version }))),
    );
  },
};

function composeTrainer(
  config: TrainerConfig,
  { database, objects, clock, logger, breakers }: Backends,
  booster: GradientBooster,
  plans: TrainingPlans,
): Composition {
  const featureStore = new HttpPeer({
    name: 'feature-store',
    baseUrl: config.featureStoreUrl,
    breakers,
    breaker: { timeoutMs: config.buildTimeoutMs },
  });
  const scheduler = new TimerScheduler(logger);
  const shutdown = new Shutdown();
  return {
    module: TrainerModule.forRoot({
      config,
      plans,
      trainings: new TypeormTrainingRepository(database),
      trainingSets: new FeatureStoreTrainingSets(featureStore, objects),
      booster,
      objects,
      scheduler,
      shutdown,
      clock,
      logger,
    }),
    closing: [
      {
        // The rounds end first, then whatever writes the result of the step that they belong to.
        close: async () => {
          shutdown.begin();
          await scheduler.close();
        },
      },
    ],
  };
}
