import { type ModelTable } from '../../application/model-table.js';
import { type LoadedModel } from '../../application/loaded-model.js';

export const serverMetadata = {
  name: 'headrace-inference',
  version: '0.1.0',
  extensions: ['binary_tensor_data'],
} as const;

export interface ModelDescription {
  readonly name: string;
  readonly versions: string[];
  readonly platform: string;
  readonly inputs: LoadedModel['inputs'];
  readonly outputs: LoadedModel['outputs'];
  readonly properties: Readonly<Record<string, string>>;
}

/** What a client must know to ask a model: complete tensors, and the names of the columns behind `features`. */
export function describeModel(
  table: ModelTable,
  modelName: string,
  version: string | undefined,
): ModelDescription {
  const { model } = table.resolve(modelName, version, '');
  const versions = table
    .listVersions(modelName)
    .map(({ modelVersion }) => modelVersion)
    .sort((a, b) => a - b)
    .map(String);
  return {
    name: modelName,
    versions,
    platform: 'onnx',
    inputs: model.inputs,
    outputs: model.outputs,
    properties: {
      digest: model.digest,
      feature_names: JSON.stringify(model.featureNames),
      model_version: String(model.modelVersion),
      scorer: model.scorer,
      ...(model.metadata['trainingSetDigest'] === undefined
        ? {}
        : { training_set_digest: model.metadata['trainingSetDigest'] }),
    },
  };
}
