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
import { ModelTable, type Answering } from './model-table.js';

export interface InferRequest {
  readonly modelName: string;
  /** Undefined: the version that answers for `key`. */
  readonly modelVersion: string | undefined;
  /** The system that the rows are about: it keeps its arm, and what is predicted of it is stated as a fact. */
  readonly systemId: string | undefined;
  /** Keeps its arm like a system does; undefined: any arm by its share. */
  readonly requestId: string | undefined;
  readonly inputs: readonly InputTensor[];
  /** Empty: all outputs. */
  readonly outputs: readonly string[];
}

export interface InferAnswer {
  readonly modelName: string;
  readonly modelVersion: number;
  readonly rows: number;
  readonly outputs: readonly { readonly name: string; readonly values: Float32Array }[];
  /** One a row, in order, when the request names its system; `why` explains them. */
  readonly predictionIds: readonly string[];
}

const longestSystemId = 512;

/** The most rows of one request. */
export class RowLimit {
  constructor(readonly rows: number) {}
}

/**
 * The data plane: REST and gRPC translate to this and back, nothing else. A request that names its system is answered
 * when its predictions are durable in the log. Without a system no outcome can ever be told of them: they are counted,
 * and stated nowhere.
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

  async execute(request: InferRequest): Promise<InferAnswer> {
    if ((request.systemId?.length ?? 0) > longestSystemId) {
      throw new TensorsInvalidError(
        `The parameter system_id has ${request.systemId?.length ?? 0} characters; ${longestSystemId} are allowed`,
      );
    }
    const key = request.systemId ?? request.requestId ?? String(this.random.next());
    const answering = this.table.find(request.modelName, request.modelVersion, key);
    const { model } = answering;
    const rows = checkInputs(model.modelName, request.inputs, model.inputs, this.limit.rows);
    const names = chooseOutputs(model.modelName, request.outputs, model.outputs);
    const started = performance.now();
    const answers = await model.score(
      Object.fromEntries(request.inputs.map(({ name, values, shape }) => [name, { values, shape }])),
      rows,
    );
    const latencyMs = performance.now() - started;
    this.metrics.predicted(model, 'infer', rows, latencyMs / 1000);
    const facts =
      request.systemId === undefined
        ? []
        : predictionsOf({ answering, systemId: request.systemId, latencyMs, now: this.clock.now() }, [
            ...(answers.get('probability') ?? []),
          ]);
    await this.publisher.publish(PredictionMade, facts);
    return {
      modelName: model.modelName,
      modelVersion: model.modelVersion,
      rows,
      outputs: names.map((name) => ({ name, values: answers.get(name) ?? new Float32Array(0) })),
      predictionIds: facts.map(({ id }) => id),
    };
  }
}

interface Answered {
  readonly answering: Answering;
  readonly systemId: string;
  readonly latencyMs: number;
  readonly now: Date;
}

function predictionsOf(
  answered: Answered,
  probabilities: readonly number[],
): NewEvent<typeof PredictionMade>[] {
  const { answering, systemId, latencyMs, now } = answered;
  const { model, arm, rolloutId } = answering;
  return probabilities.map((probability) => {
    const predictionId = newId(now);
    return {
      id: predictionId,
      time: now,
      payload: {
        modelName: model.modelName,
        modelVersion: model.modelVersion,
        predictionId,
        digest: model.digest,
        arm,
        rolloutId: rolloutId ?? null,
        systemId,
        // The caller brought the features: they were true when it asked, as far as we know.
        eventTime: now.toISOString(),
        predictedAt: now.toISOString(),
        featuresId: null,
        origin: 'request' as const,
        shadow: [],
        latencyMs,
        ...(Number.isNaN(probability)
          ? { probability: null, error: 'The model answered no number' }
          : { probability }),
      },
    };
  });
}
