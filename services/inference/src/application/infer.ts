import { Random } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { checkInputs, chooseOutputs, type InputTensor } from '../domain/inference-tensors.js';
import { InferenceMetrics } from './inference-metrics.js';
import { ModelTable } from './model-table.js';

export interface InferRequest {
  readonly modelName: string;
  /** Undefined: the version that answers for `key`. */
  readonly modelVersion: string | undefined;
  /** Entity that keeps its arm; undefined: any arm by its share. */
  readonly key: string | undefined;
  readonly inputs: readonly InputTensor[];
  /** Empty: all outputs. */
  readonly outputs: readonly string[];
}

export interface InferAnswer {
  readonly modelName: string;
  readonly modelVersion: number;
  readonly rows: number;
  readonly outputs: readonly { readonly name: string; readonly values: Float32Array }[];
}

/** The most rows of one request. */
export class RowLimit {
  constructor(readonly rows: number) {}
}

/** The data plane: REST and gRPC translate to this and back, nothing else. */
@Injectable()
export class Infer {
  constructor(
    private readonly table: ModelTable,
    private readonly metrics: InferenceMetrics,
    private readonly random: Random,
    private readonly limit: RowLimit,
  ) {}

  async execute(request: InferRequest): Promise<InferAnswer> {
    const key = request.key ?? String(this.random.next());
    const model = this.table.find(request.modelName, request.modelVersion, key);
    const rows = checkInputs(model.modelName, request.inputs, model.inputs, this.limit.rows);
    const names = chooseOutputs(model.modelName, request.outputs, model.outputs);
    const started = performance.now();
    const answers = await model.score(
      Object.fromEntries(request.inputs.map(({ name, values, shape }) => [name, { values, shape }])),
      rows,
    );
    this.metrics.predicted(model, 'infer', rows, (performance.now() - started) / 1000);
    return {
      modelName: model.modelName,
      modelVersion: model.modelVersion,
      rows,
      outputs: names.map((name) => ({ name, values: answers.get(name) ?? new Float32Array(0) })),
    };
  }
}
