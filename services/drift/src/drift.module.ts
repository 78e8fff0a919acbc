import { Clock } from '@headrace/kernel';
import { MetricsStore } from '@headrace/metrics-store';
import { ObjectStore } from '@headrace/object-store';
import {
  type Backends,
  loadDeclarations,
  type ServiceDefinition,
  ServiceLogger,
  ServiceMetrics,
} from '@headrace/service-host';
import { type DynamicModule, Module } from '@nestjs/common';
import { DriftEvents } from './adapters/events/drift.events.js';
import { DriftController } from './adapters/http/drift.controller.js';
import { driftSchema } from './adapters/persistence/drift-schema.js';
import { TypeormDriftRepository } from './adapters/persistence/typeorm-drift-repository.js';
import { CheckDrift } from './application/check-drift.js';
import { CheckDueWindows } from './application/check-due-windows.js';
import { CheckModel } from './application/check-model.js';
import { CloseWindow } from './application/close-window.js';
import { CountFeatures } from './application/count-features.js';
import { CountPredictions } from './application/count-predictions.js';
import { DriftGauges } from './application/drift-gauges.js';
import { FollowChampion } from './application/follow-champion.js';
import { MeasurePerformance } from './application/measure-performance.js';
import { DriftPolicies } from './application/drift-policies.js';
import { DriftRepository } from './application/ports.js';
import { ReadDrift } from './application/read-drift.js';
import { RecordOutcomes } from './application/record-outcomes.js';
import { RecordProgress } from './application/record-progress.js';
import { RecordValidation } from './application/record-validation.js';
import { ReferenceProfiles } from './application/reference-profiles.js';
import { RestoreGauges } from './application/restore-gauges.js';
import { driftPolicySchema } from './domain/drift-policy.js';
import { type DriftConfig, driftConfigSchema } from './drift.config.js';

@Module({})
export class DriftModule {
  static forRoot(
    config: DriftConfig,
    { database, objects, metrics, clock, logger, serviceMetrics }: Backends,
  ): DynamicModule {
    const policies = loadDeclarations('drift-policies', driftPolicySchema, config.configDirectory);
    return {
      module: DriftModule,
      controllers: [DriftController, DriftEvents],
      providers: [
        { provide: Clock, useValue: clock },
        { provide: ObjectStore, useValue: objects },
        { provide: MetricsStore, useValue: metrics },
        { provide: ServiceLogger, useValue: logger },
        { provide: ServiceMetrics, useValue: serviceMetrics },
        { provide: DriftRepository, useValue: new TypeormDriftRepository(database) },
        { provide: DriftPolicies, useValue: new DriftPolicies(policies) },
        ReferenceProfiles,
        DriftGauges,
        CheckDrift,
        CheckDueWindows,
        CheckModel,
        CloseWindow,
        CountFeatures,
        CountPredictions,
        FollowChampion,
        MeasurePerformance,
        ReadDrift,
        RecordOutcomes,
        RecordProgress,
        RecordValidation,
        RestoreGauges,
      ],
    };
  }
}

export const drift: ServiceDefinition<DriftConfig> = {
  name: 'drift',
  configSchema: driftConfigSchema,
  uses: ['database', 'objects', 'metrics'],
  database: driftSchema,
  compose(config, backends) {
    return {
      module: DriftModule.forRoot(config, backends),
      startup: [RestoreGauges],
      tasks: [{ name: 'looking for due windows', everyMs: config.checkEveryMs, useCase: CheckDueWindows }],
    };
  },
};
