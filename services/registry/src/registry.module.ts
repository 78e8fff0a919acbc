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
import { ContentAddressedArtifactStore } from './adapters/persistence/content-addressed-artifact-store.js';
import { CreateRegistry } from './adapters/persistence/migrations/0001-create-registry.js';
import { TypeormModelRepository } from './adapters/persistence/typeorm-model-repository.js';
import { TypeormRunRepository } from './adapters/persistence/typeorm-run-repository.js';
import { TypeormModelLedger } from './adapters/persistence/typeorm-model-ledger.js';
import { CreateVersionFromSource } from './application/create-version-from-source.js';
import { MarkVersionUnstable } from './application/mark-version-unstable.js';
import { MoveAlias } from './application/move-alias.js';
import { ArtifactStore, ModelLedger } from './application/ports.js';
import { RecordFailedTraining } from './application/record-failed-training.js';
import { RecordTrial } from './application/record-trial.js';
import { RegisterTrainedModel } from './application/register-trained-model.js';
import { registryConfigSchema, type RegistryConfig } from './registry.config.js';

export interface RegistryDependencies {
  readonly backends: Pick<Backends, 'database' | 'clock' | 'logger'>;
  readonly artifacts: ContentAddressedArtifactStore;
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
        { provide: ArtifactStore, useValue: artifacts },
        { provide: ContentAddressedArtifactStore, useValue: artifacts },
        { provide: TypeormRunRepository, useValue: new TypeormRunRepository(database, clock) },
        { provide: TypeormModelRepository, useValue: new TypeormModelRepository(database, clock) },
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
  database: { name: 'registry', entities: [], migrations: [CreateRegistry] },
  compose(config, backends) {
    const { database, objects, clock } = backends;
    const artifacts = new ContentAddressedArtifactStore(database, objects, clock, config.maxArtifactBytes);
    return {
      module: RegistryModule.forRoot({ backends, artifacts }),
      http: { configure: artifactRoutes(artifacts, config.maxArtifactBytes) },
    };
  },
};
