import { Clock } from '@headrace/kernel';
import { type Backends, loadDeclarations, type ServiceDefinition } from '@headrace/service-host';
import { Module, type DynamicModule } from '@nestjs/common';
import { RolloutEvents } from './adapters/events/rollout.events.js';
import { RolloutsController } from './adapters/http/rollouts.controller.js';
import { canarySchema } from './adapters/persistence/canary-schema.js';
import { TypeormDeliveryRepository } from './adapters/persistence/typeorm-delivery-repository.js';
import { AdvanceRollouts } from './application/advance-rollouts.js';
import { ApplyRolloutCommand } from './application/apply-rollout-command.js';
import { CountDriftWindow } from './application/count-drift-window.js';
import { CountOutcomes } from './application/count-outcomes.js';
import { CountPredictions } from './application/count-predictions.js';
import { DeliveryRepository } from './application/ports.js';
import { RecordLoadResult } from './application/record-load-result.js';
import { RollBackModel } from './application/roll-back-model.js';
import { RollOutNewVersion } from './application/roll-out-new-version.js';
import { RolloutPolicies } from './application/rollout-policies.js';
import { StartRollout } from './application/start-rollout.js';
import { canaryControllerConfigSchema, type CanaryControllerConfig } from './canary-controller.config.js';
import { rolloutPolicy } from './domain/policy/rollout-policy.js';

@Module({})
export class CanaryControllerModule {
  static forRoot(config: CanaryControllerConfig, { database, clock }: Backends): DynamicModule {
    const policies = loadDeclarations('rollout-policies', rolloutPolicy, config.configDirectory);
    return {
      module: CanaryControllerModule,
      controllers: [RolloutsController, RolloutEvents],
      providers: [
        { provide: Clock, useValue: clock },
        { provide: DeliveryRepository, useValue: new TypeormDeliveryRepository(database) },
        { provide: RolloutPolicies, useValue: new RolloutPolicies(policies) },
        AdvanceRollouts,
        ApplyRolloutCommand,
        CountDriftWindow,
        CountOutcomes,
        CountPredictions,
        RecordLoadResult,
        RollBackModel,
        RollOutNewVersion,
        StartRollout,
      ],
    };
  }
}

export const canaryController: ServiceDefinition<CanaryControllerConfig> = {
  name: 'canary-controller',
  configSchema: canaryControllerConfigSchema,
  uses: ['database'],
  database: canarySchema,
  compose(config, backends) {
    return {
      module: CanaryControllerModule.forRoot(config, backends),
      tasks: [{ name: 'advancing rollouts', everyMs: config.tickMs, useCase: AdvanceRollouts }],
    };
  },
};
