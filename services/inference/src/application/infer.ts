import { PredictionMade } from '@headrace/contracts';
import { Clock, newId, Random } from '@headrace/kernel';
import { EventPublisher, type NewEvent } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import {
  checkInputs,
  chooseOutputs,
  TensorsInvalidError,
  type InputTensor,
} from '../domain/inference-tensors.js';
import { InferenceMetrics } from './inference-metrics.js';
import { ModelTable, type ResolvedModel } from './model-table.js';
import { toRowAnswer } from './score-rows.js';
import { toPredictionEvent } from './to-prediction-event.js';

export interface InferRequest {
  readonly modelName: string;
  /** Undefined: the version that answers for `key`. */
  readonly modelVersion: string | undefined;
  /** The system that the rows are about. It keeps its arm, and each of its predictions is published as an event. */
  readonly systemId: string | undefined;
  /** Keeps its arm as a system does. Undefined: any arm, by its share. */
  readonly requestId: string | undefined;
  readonly inputs: readonly InputTensor[];
  /** Empty: all outputs. */
  readonly outputs: readonly string[];
}

export interface InferResponse {
  readonly modelName: string;
  readonly modelVersion: number;
  readonly rows: number;
  readonly outputs: readonly { readonly name: string; readonly values: Float32Array }[];
  /** One a row, in order, when the request names its system; `why` explains them. */
  readonly predictionIds: readonly string[];
}

const maxSystemIdLength = 512;

/** Maximum number of rows in one request. */
export class RowLimit {
  constructor(readonly rows: number) {}
}

/**
 * The data plane: REST and gRPC only translate to it and back. A request that names its system is answered when its
 * predictions are durable in the log. Without a system no outcome can ever be matched: those predictions are counted and
 * not published.
 */
@Injectable()
export class Infer {
  constructor(
    private readonly table: ModelTable,
    private readonly metrics: InferenceMetrics,
    private readonly random: Random,
    private readonly limit: RowLimit,
    private readonly publisher: EventPublisher,
    private readonly clock: Clock,
  ) {}

  async execute(request: InferRequest): Promise<InferResponse> {
    if ((request.systemId?.length ?? 0) > maxSystemIdLength) {
      throw new TensorsInvalidError(
        `The parameter system_id has ${request.systemId?.length ?? 0} characters; ${maxSystemIdLength} are allowed`,
      );
    }
    const key = request.systemId ?? request.requestId ?? String(this.random.next());
    const resolved = this.table.resolve(request.modelName, request.modelVersion, key);
    const { model } = resolved;
    const rows = checkInputs(model.modelName, request.inputs, model.inputs, this.limit.rows);
    const names = chooseOutputs(model.modelName, request.outputs, model.outputs);
    const started = performance.now();
    const answers = await model.score(
      Object.fromEntries(request.inputs.map(({ name, values, shape }) => [name, { values, shape }])),
      rows,
    );
    const latencyMs = performance.now() - started;
    this.metrics.recordPredictions(model, 'infer', rows, latencyMs / 1000);
    const predictions =
      request.systemId === undefined
        ? []
        : toPredictionEvents(resolved, request.systemId, latencyMs, this.clock.now(), [
            ...(answers.get('probability') ?? []),
          ]);
    await this.publisher.publish(PredictionMade, predictions);
    return {
      modelName: model.modelName,
      modelVersion: model.modelVersion,
      rows,
      outputs: names.map((name) => ({ name, values: answers.get(name) ?? new Float32Array(0) })),
      predictionIds: predictions.map(({ id }) => id),
    };
  }
}

function toPredictionEvents(
  { model, arm, rolloutId }: ResolvedModel,
  systemId: string,
  latencyMs: number,
  now: Date,
  probabilities: readonly number[],
): NewEvent<typeof PredictionMade>[] {
  return probabilities.map((probability) =>
    toPredictionEvent({
      predictionId: newId(now),
      model,
      arm,
      rolloutId,
      systemId,
      // The caller sent the features: as far as is known, they were true when it did.
      eventTime: now.toISOString(),
      predictedAt: now,
      featuresId: undefined,
      origin: 'request',
      latencyMs,
      answer: toRowAnswer(probability),
    }),
  );
}
