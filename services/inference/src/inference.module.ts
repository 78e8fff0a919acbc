import { fileURLToPath } from 'node:url';
import { Clock, Random, SeededRandom } from '@headrace/kernel';
import { EventBus, EventPublisher } from '@headrace/messaging';
import { ObjectStore } from '@headrace/object-store';
import { HttpPeer, ServiceLogger, type ServiceDefinition } from '@headrace/service-host';
import { Module } from '@nestjs/common';
import { ModelRoutingConsumer } from './adapters/events/model-routing-consumer.js';
import { FeaturesEvents } from './adapters/events/features.events.js';
import { FeatureStoreClient } from './adapters/feature-store-client.js';
import { OpenInferenceGrpcController } from './adapters/open-inference/grpc/open-inference.grpc-controller.js';
import { admitPredictions } from './adapters/http/admission.js';
import { OpenInferenceController } from './adapters/open-inference/rest/open-inference.controller.js';
import { PredictController } from './adapters/http/predict.controller.js';
import { OnnxruntimeSessions } from './adapters/onnxruntime/onnxruntime-sessions.js';
import { ApplyTrafficSplit, InstanceName } from './application/apply-traffic-split.js';
import { Infer, RowLimit } from './application/infer.js';
import { InferenceMetrics } from './application/inference-metrics.js';
import { LoadModel } from './application/load-model.js';
import { ModelTable } from './application/model-table.js';
import { GraphRuntime, OnlineFeatures } from './application/ports.js';
import { PredictSystem } from './application/predict-system.js';
import { Readiness } from './application/readiness.js';
import { ScoreFeatures, StreamModel } from './application/score-features.js';
import { inferenceConfigSchema, type InferenceConfig } from './inference.config.js';

const protoPath = fileURLToPath(new URL('../../../proto/inference/grpc_service.proto', import.meta.url));

@Module({})
export class InferenceModule {}

export const inference: ServiceDefinition<InferenceConfig> = {
  name: 'inference',
  configSchema: inferenceConfigSchema,
  uses: ['objects'],
  compose(config, backends) {
    // Shared by the container and by the hooks of the host, which run outside it.
    const table = new ModelTable();
    const streamModel = new StreamModel(config.streamModel);
    const readiness = new Readiness(table, streamModel);
    const metrics = new InferenceMetrics(backends.serviceMetrics);
    const featureStore = new HttpPeer({
      name: 'feature-store',
      baseUrl: config.featureStore.url,
      breakers: backends.breakers,
      breaker: { timeoutMs: config.featureStore.timeoutMs },
    });
    return {
      module: {
        module: InferenceModule,
        controllers: [
          OpenInferenceController,
          PredictController,
          OpenInferenceGrpcController,
          FeaturesEvents,
        ],
        providers: [
          { provide: EventBus, useValue: backends.bus },
          { provide: EventPublisher, useValue: backends.publisher },
          { provide: ObjectStore, useValue: backends.objects },
          { provide: ServiceLogger, useValue: backends.logger },
          { provide: Clock, useValue: backends.clock },
          { provide: Random, useValue: new SeededRandom(backends.clock.now().getTime()) },
          { provide: InstanceName, useValue: new InstanceName(config.instance) },
          { provide: RowLimit, useValue: new RowLimit(config.maxRows) },
          { provide: StreamModel, useValue: streamModel },
          { provide: ModelTable, useValue: table },
          { provide: Readiness, useValue: readiness },
          { provide: InferenceMetrics, useValue: metrics },
          { provide: GraphRuntime, useClass: OnnxruntimeSessions },
          { provide: OnlineFeatures, useValue: new FeatureStoreClient(featureStore, config.featureView) },
          ApplyTrafficSplit,
          Infer,
          LoadModel,
          ModelRoutingConsumer,
          PredictSystem,
          ScoreFeatures,
        ],
      },
      grpc: { packages: ['inference'], protoPaths: [protoPath] },
      http: {
        anyContentType: true,
        answerWithinMs: { '/v1/predict': config.answerWithinMs },
        configure: (fastify) => {
          admitPredictions(fastify, config.maxInFlight, metrics, backends.logger);
        },
      },
      readiness: { champion: () => Promise.resolve(readiness.check()) },
      startup: [ModelRoutingConsumer],
    };
  },
};
