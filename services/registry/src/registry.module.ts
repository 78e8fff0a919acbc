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
import { TypeormExperimentRepository } from './adapters/persistence/typeorm-experiment-repository.js';
import { TypeormModelLedger } from './adapters/persistence/typeorm-model-ledger.js';
import { TypeormModelRepository } from './adapters/persistence/typeorm-model-repository.js';
import { TypeormRunRepository } from './adapters/persistence/typeorm-run-repository.js';
import { CreateRun } from './application/create-run.js';
import { CreateVersionFromSource } from './application/create-version-from-source.js';
import { DeleteExperiment } from './application/delete-experiment.js';
import { DeleteModel } from './application/delete-model.js';
import { DeleteVersion } from './application/delete-version.js';
import { LogToRun } from './application/log-to-run.js';
import { MarkVersionUnstable } from './application/mark-version-unstable.js';
import { MoveAlias } from './application/move-alias.js';
import { MoveToStage } from './application/move-to-stage.js';
import {
  ArtifactStore,
  ExperimentRepository,
  ModelLedger,
  ModelRepository,
  RunRepository,
} from './application/ports.js';
import { RecordFailedTraining } from './application/record-failed-training.js';
import { RecordTrial } from './application/record-trial.js';
import { RegisterTrainedModel } from './application/register-trained-model.js';
import { RenameModel } from './application/rename-model.js';
import { UpdateRun } from './application/update-run.js';
import { registryConfigSchema, type RegistryConfig } from './registry.config.js';

@Module({})
export class RegistryModule {
  static forRoot({ database, clock, logger }: Backends, artifacts: ArtifactStore): DynamicModule {
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
        { provide: ModelRepository, useValue: new TypeormModelRepository(database, clock) },
        { provide: ExperimentRepository, useValue: new TypeormExperimentRepository(database, clock) },
        { provide: RunRepository, useValue: new TypeormRunRepository(database) },
        { provide: ArtifactStore, useValue: artifacts },
        MlflowErrorFilter,
        RegisterTrainedModel,
        RecordTrial,
        RecordFailedTraining,
        DeleteExperiment,
        CreateRun,
        UpdateRun,
        LogToRun,
        RenameModel,
        DeleteModel,
        CreateVersionFromSource,
        MoveToStage,
        DeleteVersion,
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
  compose({ maxArtifactBytes }, backends) {
    const { database, objects, clock } = backends;
    // Shared with the routes of Fastify, which exist before the container of Nest.
    const artifacts = new ContentAddressedArtifactStore(database, objects, clock, maxArtifactBytes);
    return {
      module: RegistryModule.forRoot(backends, artifacts),
      http: { configure: artifactRoutes(artifacts, maxArtifactBytes) },
    };
  },
};
