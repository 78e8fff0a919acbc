import { Clock } from '@headrace/kernel';
import { MetricsStore } from '@headrace/metrics-store';
import { ObjectStore } from '@headrace/object-store';
import {
  type Backends,
  loadDeclarations,
  repeat,
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
import { driftPolicySchema } from './domain/drift-policy.js';
import { type DriftConfig, driftConfigSchema } from './drift.config.js';

@Module({})
export class DriftModule {
  static forRoot(
    store: DriftRepository,
    policies: DriftPolicies,
    check: CheckDrift,
    shared: SharedParts,
  ): DynamicModule {
    return {
      module: DriftModule,
      controllers: [DriftController, DriftEvents],
      providers: [
        { provide: DriftRepository, useValue: store },
        { provide: DriftPolicies, useValue: policies },
        { provide: CheckDrift, useValue: check },
        { provide: ReferenceProfiles, useValue: shared.profiles },
        { provide: DriftGauges, useValue: shared.gauges },
        { provide: CloseWindow, useValue: shared.closeWindow },
        { provide: MeasurePerformance, useValue: shared.performance },
        { provide: Clock, useValue: shared.backends.clock },
        { provide: ObjectStore, useValue: shared.backends.objects },
        { provide: MetricsStore, useValue: shared.backends.metrics },
        { provide: ServiceLogger, useValue: shared.backends.logger },
        { provide: ServiceMetrics, useValue: shared.backends.serviceMetrics },
        CountFeatures,
        CountPredictions,
        FollowChampion,
        ReadDrift,
        RecordOutcomes,
        RecordProgress,
        RecordValidation,
      ],
    };
  }
}

interface SharedParts {
  readonly backends: Backends;
  readonly profiles: ReferenceProfiles;
  readonly gauges: DriftGauges;
  readonly closeWindow: CloseWindow;
  readonly performance: MeasurePerformance;
}

export const drift: ServiceDefinition<DriftConfig> = {
  name: 'drift',
  configSchema: driftConfigSchema,
  uses: ['database', 'objects', 'metrics'],
  database: driftSchema,
  async compose(config, backends) {
    const declared = loadDeclarations('drift-policies', driftPolicySchema, config.configDirectory);
    const policies = new DriftPolicies(declared.map(({ value, version }) => ({ policy: value, version })));
    const { clock, logger } = backends;
    const store = new TypeormDriftRepository(backends.database);
    const profiles = new ReferenceProfiles(backends.objects, logger);
    const gauges = new DriftGauges(backends.serviceMetrics, backends.metrics);
    const closeWindow = new CloseWindow(clock);
    const performance = new MeasurePerformance(store, policies, gauges, clock);
    const check = new CheckDrift(store, profiles, policies, closeWindow, performance, gauges, clock);
    await check.showLast();
    return {
      module: DriftModule.forRoot(store, policies, check, {
        backends,
        profiles,
        gauges,
        closeWindow,
        performance,
      }),
      closing: [repeat('looking for due windows', config.checkEveryMs, logger, () => check.due())],
    };
  },
};
