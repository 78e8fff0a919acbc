import { isAppError } from '@headrace/kernel';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { Infer, type InferResponse } from '../../../application/infer.js';
import { ModelTable } from '../../../application/model-table.js';
import { Readiness } from '../../../application/readiness.js';
import { quoteName, TensorsInvalidError, type InputTensor } from '../../../domain/inference-tensors.js';
import { describeModel, serverMetadata } from '../describe-model.js';
import { decodeFloats, encodeFloats } from '../tensors/float-tensors.js';
import { toPredictionParameters } from '../tensors/prediction-parameters.js';

interface NamedModel {
  readonly name: string;
  readonly version: string;
}

/** A message as the loader of the proto file makes it: absent lists are empty, absent messages null. */
interface ModelInferRequest {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly parameters: Readonly<Record<string, { readonly stringParam?: string }>>;
  readonly inputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly shape: readonly number[];
    readonly contents: { readonly fp32Contents: readonly number[] } | null;
  }[];
  readonly outputs: readonly { readonly name: string }[];
  readonly rawInputContents: readonly Uint8Array[];
}

const service = 'GRPCInferenceService';

/** The Open Inference Protocol, version 2, over gRPC. */
@Controller()
export class OpenInferenceGrpcController {
  constructor(
    private readonly infer: Infer,
    private readonly table: ModelTable,
    private readonly readiness: Readiness,
  ) {}

  @GrpcMethod(service, 'ServerLive')
  serverLive(): object {
    return { live: true };
  }

  @GrpcMethod(service, 'ServerReady')
  serverReady(): object {
    return { ready: this.readiness.reason() === undefined };
  }

  @GrpcMethod(service, 'ModelReady')
  modelReady({ name, version }: NamedModel): object {
    try {
      this.table.resolve(name, version, '');
      return { ready: true };
    } catch (error) {
      if (isAppError(error) && error.kind === 'not-found') return { ready: false };
      throw error;
    }
  }

  @GrpcMethod(service, 'ServerMetadata')
  serverMetadata(): object {
    return { ...serverMetadata, extensions: [...serverMetadata.extensions] };
  }

  @GrpcMethod(service, 'ModelMetadata')
  modelMetadata({ name, version }: NamedModel): object {
    return describeModel(this.table, name, version);
  }

  @GrpcMethod(service, 'ModelInfer')
  async modelInfer(request: ModelInferRequest): Promise<object> {
    const systemId = request.parameters['system_id']?.stringParam;
    const answer = await this.infer.execute({
      modelName: request.modelName,
      modelVersion: request.modelVersion,
      systemId: systemId === '' ? undefined : systemId,
      requestId: request.id === '' ? undefined : request.id,
      inputs: toInputs(request),
      outputs: request.outputs.map(({ name }) => name),
    });
    return toMessage(answer, request);
  }
}

function toInputs({ inputs, rawInputContents: raw }: ModelInferRequest): readonly InputTensor[] {
  if (raw.length > 0 && raw.length !== inputs.length) {
    throw new TensorsInvalidError(`There are ${inputs.length} inputs and ${raw.length} raw_input_contents`);
  }
  return inputs.map(({ name, datatype, shape, contents }, index) => {
    const bytes = raw[index];
    if (bytes !== undefined && (contents?.fp32Contents.length ?? 0) > 0) {
      throw new TensorsInvalidError(`The input ${quoteName(name)} has both contents and raw_input_contents`);
    }
    const values =
      bytes === undefined ? Float32Array.from(contents?.fp32Contents ?? []) : decodeFloats(name, bytes);
    return { name, datatype, shape, values };
  });
}

/** A request with raw tensors gets raw tensors back, as its client expects. */
function toMessage(answer: InferResponse, { id, rawInputContents }: ModelInferRequest): object {
  const raw = rawInputContents.length > 0;
  return {
    modelName: answer.modelName,
    modelVersion: String(answer.modelVersion),
    id,
    parameters: Object.fromEntries(
      answer.predictionIds.length === 0
        ? []
        : Object.entries(toPredictionParameters(answer.predictionIds)).map(([name, stringParam]) => [
            name,
            { stringParam },
          ]),
    ),
    outputs: answer.outputs.map(({ name, values }) => ({
      name,
      datatype: 'FP32',
      shape: [answer.rows],
      ...(raw ? {} : { contents: { fp32Contents: [...values] } }),
    })),
    rawOutputContents: raw ? answer.outputs.map(({ values }) => encodeFloats(values)) : [],
  };
}
