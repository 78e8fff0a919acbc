import { fileURLToPath } from 'node:url';
import { Clock, Random, SeededRandom } from '@headrace/kernel';
import { EventPublisher } from '@headrace/messaging';
import { HttpPeer, ServiceLogger, type Backends, type ServiceDefinition } from '@headrace/service-host';
import { Module, type DynamicModule } from '@nestjs/common';
import { ModelNewsFollower } from './adapters/events/model-news-follower.js';
import { FeaturesEvents } from './adapters/events/features.events.js';
import { FeatureStoreClient } from './adapters/feature-store-client.js';
import { OpenInferenceGrpcController } from './adapters/open-inference/grpc/open-inference.grpc-controller.js';
import { admitPredictions } from './adapters/http/admission.js';
import { OpenInferenceController } from './adapters/open-inference/rest/open-inference.controller.js';
import { PredictController } from './adapters/http/predict.controller.js';
import { OnnxruntimeSessions } from './adapters/onnxruntime/onnxruntime-sessions.js';
import { DivideTraffic, InstanceName } from './application/divide-traffic.js';
import { Infer, RowLimit } from './application/infer.js';
import { InferenceMetrics } from './application/inference-metrics.js';
import { LoadModel } from './application/load-model.js';
import { ModelTable } from './application/model-table.js';
import { OnlineFeatures } from './application/ports.js';
import { PredictSystem } from './application/predict-system.js';
import { Readiness } from './application/readiness.js';
import { ScoreFeatures, StreamModel } from './application/score-features.js';
import { inferenceConfigSchema, type InferenceConfig } from './inference.config.js';

const protoPath = fileURLToPath(new URL('../../../proto/inference/grpc_service.proto', import.meta.url));

interface InferenceParts {
  /** Not spread: reading a store that is not ours throws. */
  readonly backends: Backends;
  readonly config: InferenceConfig;
  readonly table: ModelTable;
  readonly readiness: Readiness;
  readonly inferenceMetrics: InferenceMetrics;
}

@Module({})
export class InferenceModule {
  static forRoot({ backends, ...parts }: InferenceParts): DynamicModule {
    const { config } = parts;
    const featureStore = new HttpPeer({
      name: 'feature-store',
      baseUrl: config.featureStore.url,
      breakers: backends.breakers,
      breaker: { timeoutMs: config.featureStore.timeoutMs },
    });
    return {
      module: InferenceModule,
      controllers: [OpenInferenceController, PredictController, OpenInferenceGrpcController, FeaturesEvents],
      providers: [
        { provide: EventPublisher, useValue: backends.publisher },
        { provide: ServiceLogger, useValue: backends.logger },
        { provide: Clock, useValue: backends.clock },
        { provide: Random, useValue: new SeededRandom(backends.clock.now().getTime()) },
        { provide: RowLimit, useValue: new RowLimit(config.maxRows) },
        { provide: StreamModel, useValue: new StreamModel(config.streamModel) },
        { provide: ModelTable, useValue: parts.table },
        { provide: Readiness, useValue: parts.readiness },
        { provide: InferenceMetrics, useValue: parts.inferenceMetrics },
        { provide: OnlineFeatures, useValue: new FeatureStoreClient(featureStore, config.featureView) },
        Infer,
        PredictSystem,
        ScoreFeatures,
      ],
    };
  }
}

export const inference: ServiceDefinition<InferenceConfig> = {
  name: 'inference',
  configSchema: inferenceConfigSchema,
  uses: ['objects'],
  compose(config, backends) {
    const table = new ModelTable();
    const inferenceMetrics = new InferenceMetrics(backends.serviceMetrics);
    const readiness = new Readiness(table, new StreamModel(config.streamModel));
    const follower = new ModelNewsFollower(
      backends.bus,
      `inference.models.${config.instance}`,
      table,
      new DivideTraffic(
        table,
        new LoadModel(backends.objects, new OnnxruntimeSessions()),
        backends.publisher,
        backends.clock,
        new InstanceName(config.instance),
        inferenceMetrics,
        backends.logger,
      ),
      backends.logger,
    );
    // Loading takes seconds and needs nothing of the HTTP server; readiness says when it is done.
    void follower.start();
    const champion = (): Promise<'ready' | { readonly notReady: string }> => {
      const reason = follower.trouble ?? readiness.reason();
      return Promise.resolve(reason === undefined ? 'ready' : { notReady: reason });
    };
    return {
      module: InferenceModule.forRoot({ backends, config, table, readiness, inferenceMetrics }),
      grpc: { packages: ['inference'], protoPaths: [protoPath] },
      http: {
        anyContentType: true,
        answerWithinMs: { '/v1/predict': config.answerWithinMs },
        configure: (fastify) => {
          admitPredictions(fastify, config.maxInFlight, inferenceMetrics, backends.logger);
        },
      },
      readiness: { champion },
      closing: [follower],
    };
  },
};
