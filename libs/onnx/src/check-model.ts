import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import { readTreeNode, type TreeLimits, type TreeRegressor } from './read-tree-node.js';
import { ModelRefusedError, refuse, type TreeEnsemble } from './tree-ensemble.js';

const { onnx } = onnxProto;
const { AttributeType } = onnx.AttributeProto;
const { DataType } = onnx.TensorProto;

export interface ModelLimits extends TreeLimits {
  readonly maxBytes: number;
  readonly maxGraphNodes: number;
  readonly maxTensorElements: number;
  readonly maxFeatures: number;
}

export const defaultModelLimits: ModelLimits = {
  maxBytes: 256 * 1024 * 1024,
  maxGraphNodes: 2_000,
  maxTensorElements: 16_777_216,
  maxFeatures: 10_000,
  maxTrees: 10_000,
  maxTreeNodes: 5_000_000,
  maxTreeDepth: 64,
};

/** Name, type and shape of a tensor; -1 is the number of rows. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: 'FP32';
  readonly shape: readonly number[];
}

export interface CheckedModel {
  /** The model written again from what was checked: fields that nobody looked at are not in it. Run these bytes. */
  readonly bytes: Uint8Array;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Order of the columns of `features`; `f0`, `f1`, ... when the file names none. */
  readonly featureNames: readonly string[];
  /** Metadata of the file, `headrace.` removed from the names. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly operators: readonly string[];
  /** Present when the whole graph is one tree ensemble, so that the compiled scorer can answer for it. */
  readonly trees: TreeEnsemble | undefined;
}

/**
 * Operators that may run: pure arithmetic on tensors that are given. No control flow (it hides graphs), nothing that
 * makes a large tensor out of a small number (ConstantOfShape, Expand, Tile, Range, Resize, Pad), nothing that is random.
 */
const allowedOperators: ReadonlySet<string> = new Set([
  ...'Abs Add Cast Clip Concat Constant Div Exp Flatten Gather Gemm GRU Identity IsNaN LSTM Log MatMul Max Min Mul Neg'
    .split(' ')
    .map((name) => `/${name}`),
  ...'Pow ReduceMax ReduceMean ReduceMin ReduceSum Relu Reshape Shape Sigmoid Slice Softmax Sqrt Squeeze Sub Tanh'
    .split(' ')
    .map((name) => `/${name}`),
  ...'Transpose Unsqueeze Where DequantizeLinear QuantizeLinear DynamicQuantizeLinear MatMulInteger'
    .split(' ')
    .map((name) => `/${name}`),
  'ai.onnx.ml/TreeEnsembleRegressor',
]);

/** Bytes of one element of the tensor types that may appear. */
const elementSize: ReadonlyMap<number, number> = new Map([
  [DataType.FLOAT, 4],
  [DataType.UINT8, 1],
  [DataType.INT8, 1],
  [DataType.INT32, 4],
  [DataType.INT64, 8],
  [DataType.BOOL, 1],
]);

/**
 * The door: every model file passes here before anything runs it. Answers what the model is, or refuses with the reason.
 * Whatever the bytes are, this returns or throws ModelRefusedError; it does not hang, recurse without bound or allocate
 * beyond a small multiple of the file.
 */
export function checkModel(content: Uint8Array, limits: ModelLimits = defaultModelLimits): CheckedModel {
  if (content.length === 0) refuse('the file is empty');
  if (content.length > limits.maxBytes)
    refuse(`it has ${content.length} bytes; ${limits.maxBytes} are allowed`);
  const { model, bytes } = decode(content);
  if (model.functions.length > 0) refuse('it defines functions of its own');
  if (model.trainingInfo.length > 0) refuse('it carries training information');
  const domains = new Map(model.opsetImport.map((set) => [set.domain ?? '', Number(set.version)]));
  for (const domain of domains.keys())
    if (domain !== '' && domain !== 'ai.onnx' && domain !== 'ai.onnx.ml')
      refuse(`it imports the operators of ${JSON.stringify(domain)}`);
  const graph = model.graph ?? refuse('it has no graph');
  const metadata = readMetadata(model);
  const constants = checkTensors(graph, limits);
  const inputs = (graph.input ?? []).filter(({ name }) => !constants.has(name ?? '')).map(tensorSpec);
  const outputs = (graph.output ?? []).map(tensorSpec);
  const featureNames = checkSignature(inputs, outputs, metadata, limits);
  const regressors = checkNodes(graph, inputs, constants, featureNames.length, limits);
  return {
    bytes,
    inputs,
    outputs,
    featureNames,
    metadata,
    operators: [...new Set((graph.node ?? []).map((node) => node.opType ?? ''))].sort(),
    trees: treesOnly(graph, regressors, featureNames),
  };
}

function decode(content: Uint8Array): { model: Onnx.ModelProto; bytes: Uint8Array } {
  try {
    const model = onnx.ModelProto.decode(content);
    return { model, bytes: onnx.ModelProto.encode(model).finish() };
  } catch (cause) {
    throw new ModelRefusedError('it is not an ONNX file', { cause });
  }
}

function readMetadata(model: Onnx.ModelProto): Readonly<Record<string, string>> {
  const metadata = new Map<string, string>();
  for (const { key, value } of model.metadataProps) {
    const name = (key ?? '').replace(/^headrace\./, '');
    if (metadata.has(name)) refuse(`its metadata has ${JSON.stringify(name)} twice`);
    metadata.set(name, value ?? '');
  }
  return Object.fromEntries(metadata);
}

/** Checks the constants of the graph and answers their names. */
function checkTensors(graph: Onnx.IGraphProto, limits: ModelLimits): ReadonlySet<string> {
  if ((graph.sparseInitializer ?? []).length > 0) refuse('it has sparse tensors');
  const names = new Set<string>();
  for (const tensor of graph.initializer ?? []) {
    const name = tensor.name ?? '';
    if (name === '' || names.has(name)) refuse(`a tensor has no name of its own: ${JSON.stringify(name)}`);
    names.add(name);
    checkTensor(`tensor ${name}`, tensor, limits);
  }
  return names;
}

function checkTensor(what: string, tensor: Onnx.ITensorProto, limits: ModelLimits): void {
  if ((tensor.externalData ?? []).length > 0 || (tensor.dataLocation ?? 0) !== 0)
    refuse(`${what} keeps its data outside the file`);
  if (tensor.segment !== undefined && tensor.segment !== null) refuse(`${what} is a segment`);
  const size = elementSize.get(tensor.dataType ?? 0);
  if (size === undefined)
    refuse(`${what} has the element type ${tensor.dataType ?? 0}, which is not supported`);
  let elements = 1;
  for (const dimension of (tensor.dims ?? []).map(Number)) {
    if (!(Number.isSafeInteger(dimension) && dimension >= 0))
      refuse(`${what} has a dimension of ${dimension}`);
    elements *= dimension;
    if (elements > limits.maxTensorElements)
      refuse(`${what} has more than ${limits.maxTensorElements} elements`);
  }
  const raw = tensor.rawData?.length ?? 0;
  const typed =
    (tensor.floatData?.length ?? 0) + (tensor.int32Data?.length ?? 0) + (tensor.int64Data?.length ?? 0);
  const others =
    (tensor.doubleData?.length ?? 0) + (tensor.uint64Data?.length ?? 0) + (tensor.stringData?.length ?? 0);
  if (others > 0 || (raw > 0 && typed > 0) || (raw > 0 ? raw !== elements * size : typed !== elements))
    refuse(`${what} declares ${elements} elements and holds ${raw > 0 ? raw / size : typed}`);
}

function tensorSpec(info: Onnx.IValueInfoProto): TensorSpec {
  const name = info.name ?? '';
  const tensor = info.type?.tensorType;
  if (name === '' || tensor === undefined || tensor === null)
    refuse(`its ${JSON.stringify(name)} is not a tensor`);
  if (tensor.elemType !== DataType.FLOAT) refuse(`its tensor ${JSON.stringify(name)} is not FP32`);
  const shape = (tensor.shape?.dim ?? []).map(({ dimValue, dimParam }) => {
    const fixed = Number(dimValue ?? 0);
    return fixed > 0 && !dimParam ? fixed : -1;
  });
  return { name, datatype: 'FP32', shape };
}

/** Every model takes `features` [n, f], perhaps `sequence` [n, t, c], and answers `probability` [n]. */
function checkSignature(
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
  metadata: Readonly<Record<string, string>>,
  limits: ModelLimits,
): readonly string[] {
  const features = inputs.find(({ name }) => name === 'features');
  const columns = features?.shape[1] ?? -1;
  if (features?.shape.length !== 2 || columns < 1 || features.shape[0] !== -1)
    refuse('it has no input features FP32 [n, f] with a fixed f');
  if (columns > limits.maxFeatures) refuse(`it has ${columns} features; ${limits.maxFeatures} are allowed`);
  const sequence = inputs.find(({ name }) => name === 'sequence');
  if (inputs.length !== (sequence === undefined ? 1 : 2))
    refuse('it has inputs other than features and sequence');
  if (sequence !== undefined && sequence.shape.length !== 3) refuse('its input sequence is not [n, t, c]');
  const probability = outputs.find(({ name }) => name === 'probability');
  if (probability?.shape.length !== 1) refuse('it has no output probability FP32 [n]');
  if (outputs.some(({ shape }) => shape.length !== 1)) refuse('it has an output that is not [n]');
  const written = metadata['featureNames'];
  if (written === undefined) return Array.from({ length: columns }, (_, index) => `f${index}`);
  const names = parseNames(written);
  if (names.length !== columns) refuse(`it names ${names.length} features and takes ${columns}`);
  if (new Set(names).size !== names.length) refuse('it names a feature twice');
  return names;
}

function parseNames(written: string): readonly string[] {
  let names: unknown;
  try {
    names = JSON.parse(written);
  } catch (cause) {
    throw new ModelRefusedError('its feature names are not JSON', { cause });
  }
  if (!Array.isArray(names) || !names.every((name): name is string => typeof name === 'string'))
    refuse('its feature names are not a list of names');
  return names;
}

/** Checks the nodes in their order: each reads what was made before it, so that the graph has no cycle. */
function checkNodes(
  graph: Onnx.IGraphProto,
  inputs: readonly TensorSpec[],
  constants: ReadonlySet<string>,
  columns: number,
  limits: ModelLimits,
): ReadonlyMap<Onnx.INodeProto, TreeRegressor> {
  const nodes = graph.node ?? [];
  if (nodes.length > limits.maxGraphNodes)
    refuse(`it has ${nodes.length} operators; ${limits.maxGraphNodes} are allowed`);
  const made = new Set([...inputs.map(({ name }) => name), ...constants]);
  const regressors = new Map<Onnx.INodeProto, TreeRegressor>();
  for (const node of nodes) {
    const operator = `${node.domain === 'ai.onnx' ? '' : (node.domain ?? '')}/${node.opType ?? ''}`;
    if (!allowedOperators.has(operator)) refuse(`the operator ${JSON.stringify(operator)} is not allowed`);
    for (const name of node.input ?? [])
      if (name !== '' && !made.has(name))
        refuse(`${operator} reads ${JSON.stringify(name)} before it is made`);
    checkAttributes(operator, node, limits);
    if (operator === 'ai.onnx.ml/TreeEnsembleRegressor') {
      if (node.input?.length !== 1 || node.input[0] !== 'features')
        refuse('its trees read something else than features');
      if (regressors.size > 0) refuse('it has more than one tree ensemble');
      regressors.set(node, readTreeNode(node, columns, limits));
    }
    for (const name of node.output ?? []) {
      if (name === '') continue;
      if (made.has(name)) refuse(`${JSON.stringify(name)} is made twice`);
      made.add(name);
    }
  }
  for (const { name } of graph.output ?? [])
    if (!made.has(name ?? '')) refuse(`nothing makes its output ${JSON.stringify(name)}`);
  return regressors;
}

function checkAttributes(operator: string, node: Onnx.INodeProto, limits: ModelLimits): void {
  for (const attribute of node.attribute ?? []) {
    const what = `${operator} ${attribute.name ?? ''}`;
    const hidesGraph = Boolean(attribute.g) || (attribute.graphs ?? []).length > 0;
    const hidesTensors =
      Boolean(attribute.sparseTensor) ||
      (attribute.sparseTensors ?? []).length > 0 ||
      (attribute.tensors ?? []).length > 0;
    if (hidesGraph || hidesTensors || attribute.refAttrName)
      refuse(`${what} carries more than a plain value`);
    if (attribute.t) {
      if (attribute.type !== AttributeType.TENSOR)
        refuse(`${what} carries a tensor that it does not declare`);
      checkTensor(what, attribute.t, limits);
    }
  }
}

/** Operators that change the shape of one column and nothing else. */
const reshaping: ReadonlySet<string> = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);

/** The trees, when every output is the linked margin of the one ensemble; a wider graph is not ours to compile. */
function treesOnly(
  graph: Onnx.IGraphProto,
  regressors: ReadonlyMap<Onnx.INodeProto, TreeRegressor>,
  featureNames: readonly string[],
): TreeEnsemble | undefined {
  const meaning = new Map<string, 'margin' | 'probability'>();
  for (const node of graph.node ?? []) {
    const regressor = regressors.get(node);
    const from = meaning.get(node.input?.[0] ?? '');
    const to = node.output?.[0] ?? '';
    if (regressor) meaning.set(to, regressor.postTransform === 'LOGISTIC' ? 'probability' : 'margin');
    else if (node.opType === 'Sigmoid' && from === 'margin') meaning.set(to, 'probability');
    else if (reshaping.has(node.opType ?? '') && from !== undefined) meaning.set(to, from);
  }
  const [regressor] = regressors.values();
  const answers = new Set((graph.output ?? []).map(({ name }) => meaning.get(name ?? '')));
  const [answer] = answers;
  if (regressor === undefined || answers.size !== 1 || answer === undefined) return undefined;
  return {
    featureNames,
    trees: regressor.trees,
    offset: regressor.offset,
    link: answer === 'probability' ? 'sigmoid' : 'identity',
  };
}

/** The tree ensemble in a model file; refuses a model that is anything more or less than that. */
export function readTreeEnsemble(
  content: Uint8Array,
  limits: ModelLimits = defaultModelLimits,
): TreeEnsemble {
  return checkModel(content, limits).trees ?? refuse('it is not a single tree ensemble');
}
