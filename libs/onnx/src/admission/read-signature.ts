import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import { ModelRefusedError, refuse } from '../trees/tree-ensemble.js';

const { DataType } = onnxProto.onnx.TensorProto;

export interface SignatureLimits {
  readonly maxFeatures: number;
}

/** Name, type and shape of a tensor; -1 is the number of rows. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: 'FP32';
  readonly shape: readonly number[];
  /** The model answers without it; see buildAbsentSequence for the value to feed. */
  readonly optional?: true;
}

/** Inputs, outputs and metadata of a model. */
export interface ModelSignature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Order of the columns of `features`; `f0`, `f1`, ... when the file has no names. */
  readonly featureNames: readonly string[];
  /** Metadata of the file, names without the prefix `headrace.`. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads inputs, outputs, names and metadata of a model file; `constants` are the names of its tensors, which do
 * not count as inputs. Refuses unsupported signatures, see checkSignature.
 */
export function readSignature(
  { metadataProps }: Onnx.IModelProto,
  graph: Onnx.IGraphProto,
  constants: ReadonlySet<string>,
  limits: SignatureLimits,
): ModelSignature {
  const metadata = readMetadata(metadataProps ?? []);
  const given = (graph.input ?? []).filter(({ name }) => !constants.has(name ?? '')).map(readTensorSpec);
  const outputs = (graph.output ?? []).map(readTensorSpec);
  const inputs = checkSignature(given, outputs, constants, metadata, limits);
  return { inputs, outputs, featureNames: readFeatureNames(inputs, metadata), metadata };
}

/**
 * The value to feed as an optional `sequence` when there is none: one row of NaN, which stands for every row of the batch.
 */
export function buildAbsentSequence(spec: TensorSpec): {
  readonly values: Float32Array;
  readonly shape: readonly number[];
} {
  const [, ...sizes] = spec.shape;
  const values = sizes.reduce((product, size) => product * size, 1);
  return { values: new Float32Array(values).fill(NaN), shape: [1, ...sizes] };
}

function readMetadata(properties: readonly Onnx.IStringStringEntryProto[]): Readonly<Record<string, string>> {
  const metadata = new Map<string, string>();
  for (const { key, value } of properties) {
    const name = (key ?? '').replace(/^headrace\./, '');
    if (metadata.has(name)) refuse(`its metadata has ${JSON.stringify(name)} twice`);
    metadata.set(name, value ?? '');
  }
  return Object.fromEntries(metadata);
}

function readTensorSpec(info: Onnx.IValueInfoProto): TensorSpec {
  const name = info.name ?? '';
  const tensor = info.type?.tensorType;
  if (name === '' || tensor === undefined || tensor === null) {
    refuse(`its ${JSON.stringify(name)} is not a tensor`);
  }
  if (tensor.elemType !== DataType.FLOAT) refuse(`its tensor ${JSON.stringify(name)} is not FP32`);
  const shape = (tensor.shape?.dim ?? []).map(({ dimValue, dimParam }) => {
    const fixed = Number(dimValue ?? 0);
    return fixed > 0 && !dimParam ? fixed : -1;
  });
  return { name, datatype: 'FP32', shape };
}

/**
 * Every model takes `features` [n, f], `sequence` [n, t, c] or both, and answers `probability` [n] and more columns. A
 * signature in the metadata must match the graph; without one no input is optional.
 */
function checkSignature(
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
  constants: ReadonlySet<string>,
  metadata: Readonly<Record<string, string>>,
  { maxFeatures }: SignatureLimits,
): readonly TensorSpec[] {
  for (const name of ['features', 'sequence']) {
    if (constants.has(name)) {
      refuse(`its ${name} has a default, which would replace the values of every request`);
    }
  }
  for (const { name, shape } of inputs) {
    const [rows, ...sizes] = shape;
    const rank =
      name === 'features'
        ? 2
        : name === 'sequence'
          ? 3
          : refuse(`it has an input ${JSON.stringify(name)}; features and sequence are known`);
    if (shape.length !== rank || rows !== -1 || sizes.some((size) => size < 1)) {
      refuse(
        `its input ${name} is not FP32 ${rank === 2 ? '[n, f] with a fixed f' : '[n, t, c] with fixed t and c'}`,
      );
    }
    const columns = sizes.reduce((product, size) => product * size, 1);
    if (columns > maxFeatures) refuse(`its ${name} has ${columns} values a row; ${maxFeatures} are allowed`);
  }
  if (inputs.length === 0) refuse('it has no input features FP32 [n, f] and no input sequence');
  for (const specs of [inputs, outputs]) {
    if (new Set(specs.map(({ name }) => name)).size !== specs.length) refuse('it names a tensor twice');
  }
  const probability = outputs.find(({ name }) => name === 'probability');
  if (probability?.shape.length !== 1) refuse('it has no output probability FP32 [n]');
  if (outputs.some(({ shape }) => shape.length !== 1)) refuse('it has an output that is not [n]');
  const written = metadata['signature'];
  if (written === undefined) return inputs;
  const signature = parseSignature(written);
  const agrees = (found: readonly TensorSpec[], said: readonly WrittenTensor[]): boolean =>
    found.length === said.length &&
    found.every(({ name, shape }, index) => {
      const other = said[index];
      return other?.name === name && other.datatype === 'FP32' && String(other.shape) === String(shape);
    });
  if (!agrees(inputs, signature.inputs) || !agrees(outputs, signature.outputs)) {
    refuse('its signature in the metadata is not that of its graph');
  }
  return inputs.map((input, index) =>
    signature.inputs[index]?.optional === true && input.name === 'sequence'
      ? { ...input, optional: true }
      : input,
  );
}

interface WrittenTensor {
  readonly name: unknown;
  readonly datatype: unknown;
  readonly shape: unknown;
  readonly optional?: unknown;
}

function parseSignature(written: string): {
  readonly inputs: readonly WrittenTensor[];
  readonly outputs: readonly WrittenTensor[];
} {
  const signature = parseJson('signature', written) as { inputs?: unknown; outputs?: unknown } | null;
  const tensors = (list: unknown): list is WrittenTensor[] =>
    Array.isArray(list) && list.every((item) => typeof item === 'object' && item !== null);
  const { inputs, outputs } = signature ?? {};
  if (!tensors(inputs) || !tensors(outputs)) refuse('its signature is not a list of inputs and outputs');
  return { inputs, outputs };
}

function readFeatureNames(
  inputs: readonly TensorSpec[],
  metadata: Readonly<Record<string, string>>,
): readonly string[] {
  const columns = inputs.find(({ name }) => name === 'features')?.shape[1] ?? 0;
  const written = metadata['featureNames'];
  if (written === undefined) return Array.from({ length: columns }, (_, index) => `f${index}`);
  const names = parseNames(written);
  if (names.length !== columns) refuse(`it names ${names.length} features and takes ${columns}`);
  if (new Set(names).size !== names.length) refuse('it names a feature twice');
  return names;
}

function parseJson(what: string, written: string): unknown {
  try {
    return JSON.parse(written);
  } catch (cause) {
    throw new ModelRefusedError(`its ${what} is not JSON`, { cause });
  }
}

function parseNames(written: string): readonly string[] {
  const names = parseJson('list of feature names', written);
  if (!Array.isArray(names) || !names.every((name): name is string => typeof name === 'string')) {
    refuse('its feature names are not a list of names');
  }
  return names;
}
