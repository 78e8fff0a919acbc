import { Cache } from '@headrace/cache';
import { Clock } from '@headrace/kernel';
import { EventBus, EventPublisher } from '@headrace/messaging';
import { ObjectStore } from '@headrace/object-store';
import {
  type Backends,
  loadDeclarations,
  ServiceLogger,
  ServiceMetrics,
  type ServiceDefinition,
} from '@headrace/service-host';
import { Module, type DynamicModule } from '@nestjs/common';
import { CacheOnlineStore } from './adapters/cache/cache-online-store.js';
import { CacheStateStore } from './adapters/cache/cache-state-store.js';
import { DuckDbParityCheck } from './adapters/duckdb/duckdb-parity-check.js';
import { DuckDbTrainingSetBuilder } from './adapters/duckdb/duckdb-training-set-builder.js';
import { ReadingsEvents } from './adapters/events/readings.events.js';
import { FeastController } from './adapters/http/feast.controller.js';
import { FeaturesController } from './adapters/http/features.controller.js';
import { TrainingSetsController } from './adapters/http/training-sets.controller.js';
import { LogLabelledRowCounts } from './adapters/log/log-labelled-row-counts.js';
import { Catalog } from './application/catalog.js';
import { ComputeFeatures } from './application/compute-features.js';
import { ComputeViews } from './application/compute-views.js';
import { CreateTrainingSet } from './application/create-training-set.js';
import { Materialize } from './application/materialize.js';
import { MeasureParity } from './application/measure-parity.js';
import { LabelledRowCounts, OnlineStore, ParityCheck, TrainingSetBuilder } from './application/ports.js';
import { PreviewTrainingSet } from './application/preview-training-set.js';
import { PushFeatures } from './application/push-features.js';
import { ReadFeatures } from './application/read-features.js';
import { featureViewSchema } from './domain/feature-view.js';
import { labelSchema } from './domain/label.js';
import { featureStoreConfigSchema, type FeatureStoreConfig } from './feature-store.config.js';

@Module({})
export class FeatureStoreModule {
  static forRoot(config: FeatureStoreConfig, catalog: Catalog, backends: Backends): DynamicModule {
    const { bus, cache } = backends;
    return {
      module: FeatureStoreModule,
      controllers: [FeastController, FeaturesController, TrainingSetsController, ReadingsEvents],
      providers: [
        { provide: EventBus, useValue: bus },
        { provide: EventPublisher, useValue: backends.publisher },
        { provide: Cache, useValue: cache },
        { provide: ObjectStore, useValue: backends.objects },
        { provide: Clock, useValue: backends.clock },
        { provide: ServiceLogger, useValue: backends.logger },
        { provide: ServiceMetrics, useValue: backends.serviceMetrics },
        { provide: Catalog, useValue: catalog },
        { provide: OnlineStore, useValue: new CacheOnlineStore(cache, config.onlineMs) },
        { provide: ParityCheck, useValue: new DuckDbParityCheck(bus, config.parityRows) },
        { provide: TrainingSetBuilder, useClass: DuckDbTrainingSetBuilder },
        { provide: LabelledRowCounts, useClass: LogLabelledRowCounts },
        {
          provide: ComputeViews,
          useFactory: (online: OnlineStore) =>
            new ComputeViews(computeEach(config, catalog, online, backends)),
          inject: [OnlineStore],
        },
        CreateTrainingSet,
        Materialize,
        MeasureParity,
        PreviewTrainingSet,
        PushFeatures,
        ReadFeatures,
      ],
    };
  }
}

export const featureStore: ServiceDefinition<FeatureStoreConfig> = {
  name: 'feature-store',
  configSchema: featureStoreConfigSchema,
  uses: ['cache', 'objects'],
  compose(config, backends) {
    const { configDirectory, parityEveryMs } = config;
    const catalog = new Catalog(
      loadDeclarations('feature-views', featureViewSchema, configDirectory),
      loadDeclarations('labels', labelSchema, configDirectory),
    );
    return {
      module: FeatureStoreModule.forRoot(config, catalog, backends),
      tasks:
        parityEveryMs === 0
          ? []
          : [{ name: 'measuring parity', everyMs: parityEveryMs, useCase: MeasureParity }],
    };
  },
};

/** Each view has state and windows of its own. */
function computeEach(
  config: FeatureStoreConfig,
  catalog: Catalog,
  online: OnlineStore,
  { cache, publisher, serviceMetrics }: Backends,
): readonly ComputeFeatures[] {
  return catalog.views.map((view) => {
    const labels = catalog.labelsOf(view);
    const states = new CacheStateStore(cache, view, labels, config.stateMs, serviceMetrics);
    const { systemsInMemory } = config;
    return new ComputeFeatures(view, labels, publisher, online, states, systemsInMemory, serviceMetrics);
  });
}
