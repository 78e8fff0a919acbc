import { Clock } from '@headrace/kernel';
import { ServiceLogger, type Backends, type ServiceDefinition } from '@headrace/service-host';
import { Module, type DynamicModule } from '@nestjs/common';
import { RegistryEvents } from './adapters/events/registry.events.js';
import { artifactRoutes } from './adapters/http/artifact-routes.js';
import { ExperimentsController } from './adapters/http/experiments.controller.js';
import { LoggedModelsController } from './adapters/http/logged-models.controller.js';
import { MlflowErrorFilter } from './adapters/http/mlflow-errors.js';
import { ModelVersionsController } from './adapters/http/model-versions.controller.js';
import { ModelsController } from './adapters/http/models.controller.js';
import { RegisteredModelsController } from './adapters/http/registered-models.controller.js';
import { RunsController } from './adapters/http/runs.controller.js';
import { ArtifactStore } from './adapters/persistence/artifact-store.js';
import { CreateRegistry1 } from './adapters/persistence/migrations/create-registry.js';
import { ModelStore } from './adapters/persistence/model-store.js';
import { TrackingStore } from './adapters/persistence/tracking-store.js';
import { TypeormModelLedger } from './adapters/persistence/typeorm-model-ledger.js';
import { CreateVersionFromSource } from './application/create-version-from-source.js';
import { MarkVersionUnstable } from './application/mark-version-unstable.js';
import { MoveAlias } from './application/move-alias.js';
import { ArtifactCatalogue, ModelLedger } from './application/ports.js';
import { RecordFailedTraining } from './application/record-failed-training.js';
import { RecordTrial } from './application/record-trial.js';
import { RegisterTrainedModel } from './application/register-trained-model.js';
import { registryConfigSchema, type RegistryConfig } from './registry.config.js';

export interface RegistryDependencies {
  readonly backends: Pick<Backends, 'database' | 'clock' | 'logger'>;
  readonly artifacts: ArtifactStore;
}

@Module({})
export class RegistryModule {
  static forRoot({ backends, artifacts }: RegistryDependencies): DynamicModule {
    const { database, clock, logger } = backends;
    return {
      module: RegistryModule,
      controllers: [
        ExperimentsController,
        RunsController,
        RegisteredModelsController,
        ModelVersionsController,
        LoggedModelsController,
        ModelsController,
        RegistryEvents,
      ],
      providers: [
        { provide: Clock, useValue: clock },
        { provide: ServiceLogger, useValue: logger },
        { provide: ModelLedger, useValue: new TypeormModelLedger(database) },
        { provide: ArtifactCatalogue, useValue: artifacts },
        { provide: ArtifactStore, useValue: artifacts },
        { provide: TrackingStore, useValue: new TrackingStore(database, clock) },
        { provide: ModelStore, useValue: new ModelStore(database, clock) },
        MlflowErrorFilter,
        RegisterTrainedModel,
        RecordTrial,
        RecordFailedTraining,
        CreateVersionFromSource,
        MoveAlias,
        MarkVersionUnstable,
      ],
    };
  }
}

export const registry: ServiceDefinition<RegistryConfig> = {
  name: 'registry',
  configSchema: registryConfigSchema,
  uses: ['database', 'objects'],
  database: { name: 'registry', entities: [], migrations: [CreateRegistry1] },
  compose(config, backends) {
    const { database, objects, clock } = backends;
    const artifacts = new ArtifactStore(database, objects, clock, config.maxArtifactBytes);
    return {
      module: RegistryModule.forRoot({ backends, artifacts }),
      http: { configure: artifactRoutes(artifacts, config.maxArtifactBytes) },
    };
  },
};
