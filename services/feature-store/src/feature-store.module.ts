import { type Backends, loadDeclarations, repeat, type ServiceDefinition } from '@headrace/service-host';
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
import { PreviewTrainingSet } from './application/preview-training-set.js';
import { PushFeatures } from './application/push-features.js';
import { ReadFeatures } from './application/read-features.js';
import { FeatureView, featureViewSchema } from './domain/feature-view.js';
import { labelSchema } from './domain/label.js';
import { featureStoreConfigSchema, type FeatureStoreConfig } from './feature-store.config.js';

const parityLookBackMs = 300_000;

@Module({})
export class FeatureStoreModule {
  static forRoot(config: FeatureStoreConfig, catalog: Catalog, backends: Backends): DynamicModule {
    const { bus, cache, clock, objects, publisher, serviceMetrics } = backends;
    const online = new CacheOnlineStore(cache, config.onlineMs);
    const computing = catalog.views.map((view) => {
      const labels = catalog.labelsOf(view);
      const states = new CacheStateStore(cache, view, labels, config.stateMs, serviceMetrics);
      return new ComputeFeatures(
        view,
        labels,
        publisher,
        online,
        states,
        config.systemsInMemory,
        serviceMetrics,
      );
    });
    const builder = new DuckDbTrainingSetBuilder(bus, objects);
    return {
      module: FeatureStoreModule,
      controllers: [FeastController, FeaturesController, TrainingSetsController, ReadingsEvents],
      providers: [
        { provide: Catalog, useValue: catalog },
        { provide: ComputeViews, useValue: new ComputeViews(computing) },
        { provide: ReadFeatures, useValue: new ReadFeatures(catalog, online, clock) },
        { provide: PushFeatures, useValue: new PushFeatures(catalog, online, clock) },
        { provide: Materialize, useValue: new Materialize(catalog, online, bus) },
        { provide: CreateTrainingSet, useValue: new CreateTrainingSet(catalog, builder) },
        {
          provide: PreviewTrainingSet,
          useValue: new PreviewTrainingSet(catalog, new LogLabelledRowCounts(bus)),
        },
      ],
    };
  }
}

export const featureStore: ServiceDefinition<FeatureStoreConfig> = {
  name: 'feature-store',
  configSchema: featureStoreConfigSchema,
  uses: ['cache', 'objects'],
  compose(config, backends) {
    const { bus, clock, logger, publisher } = backends;
    const views = loadDeclarations('feature-views', featureViewSchema, config.configDirectory);
    const labels = loadDeclarations('labels', labelSchema, config.configDirectory);
    const catalog = new Catalog(
      views.map(({ value }) => new FeatureView(value)),
      labels.map(({ value }) => value),
    );
    const check = new DuckDbParityCheck(bus, config.parityRows);
    const parity = new MeasureParity(catalog, check, publisher, clock, logger, parityLookBackMs);
    const timer =
      config.parityEveryMs === 0
        ? undefined
        : repeat('measuring parity', config.parityEveryMs, logger, () => parity.execute());
    return {
      module: FeatureStoreModule.forRoot(config, catalog, backends),
      ...(timer === undefined ? {} : { closing: [timer] }),
    };
  },
};
