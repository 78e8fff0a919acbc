import { Clock } from '@headrace/kernel';
import { type Backends, loadDeclarations, repeat, type ServiceDefinition } from '@headrace/service-host';
import { Module, type DynamicModule } from '@nestjs/common';
import { RolloutEvents } from './adapters/events/rollout.events.js';
import { RolloutsController } from './adapters/http/rollouts.controller.js';
import { canarySchema } from './adapters/persistence/canary-schema.js';
import { TypeormDeliveryRepository } from './adapters/persistence/typeorm-delivery-repository.js';
import { AdvanceRollouts } from './application/advance-rollouts.js';
import { CountEvidence } from './application/count-evidence.js';
import { DeliveryRepository, RolloutPolicies } from './application/ports.js';
import { RecordLoading } from './application/record-loading.js';
import { StartRollout } from './application/start-rollout.js';
import { SteerRollout } from './application/steer-rollout.js';
import { canaryControllerConfigSchema, type CanaryControllerConfig } from './canary-controller.config.js';
import { rolloutPolicy } from './domain/policy/rollout-policy.js';

@Module({})
export class CanaryControllerModule {
  static forRoot(config: CanaryControllerConfig, { database, clock }: Backends): DynamicModule {
    const declared = loadDeclarations('rollout-policies', rolloutPolicy, config.configDirectory);
    const all = declared.map(({ value, version }) => ({
      policy: value,
      version: `${value.name}@${version}`,
    }));
    return {
      module: CanaryControllerModule,
      controllers: [RolloutsController, RolloutEvents],
      providers: [
        { provide: Clock, useValue: clock },
        { provide: DeliveryRepository, useValue: new TypeormDeliveryRepository(database) },
        { provide: RolloutPolicies, useValue: new RolloutPolicies(all) },
        StartRollout,
        RecordLoading,
        CountEvidence,
        SteerRollout,
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
    const { database, clock, logger } = backends;
    const advance = new AdvanceRollouts(new TypeormDeliveryRepository(database), clock);
    return {
      module: CanaryControllerModule.forRoot(config, backends),
      closing: [repeat('looking at the rollouts', config.tickMs, logger, () => advance.execute())],
    };
  },
};
