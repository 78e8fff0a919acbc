import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import { boundSizes } from './bound-sizes.js';
import { checkInt8 } from './check-int8.js';
import { checkLstm, collectShapes } from './check-lstm.js';
import { readAnswers, type TreeAnswers } from '../scorer/read-answers.js';
import {
  readSignature,
  type ModelSignature,
  type SignatureLimits,
  type TensorSpec,
} from './read-signature.js';
import { readSetTreeNode } from '../trees/read-set-tree-node.js';
import { readTreeNode, type TreeLimits, type TreeRegressor } from '../trees/read-tree-node.js';
import { ModelRefusedError, refuse, type TreeEnsemble } from '../trees/tree-ensemble.js';

const { onnx } = onnxProto;
const { AttributeType } = onnx.AttributeProto;
const { DataType } = onnx.TensorProto;

export interface ModelLimits extends TreeLimits, SignatureLimits {
  readonly maxBytes: number;
  readonly maxGraphNodes: number;
  readonly maxTensorElements: number;
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

export interface CheckedModel extends ModelSignature, TreeAnswers {
  /** The model encoded again from the checked fields; fields that were not checked are left out. Run these bytes. */
  readonly bytes: Uint8Array;
  readonly operators: readonly string[];
}

/**
 * Operators that may run: pure arithmetic on the given tensors. No control flow (it hides graphs), no operator that makes a
 * large tensor out of a small number (ConstantOfShape, Expand, Tile, Range, Resize, Pad), no randomness.
 */
const allowedOperators: ReadonlySet<string> = new Set([
  ...'Abs Add Cast Clip Concat Constant Div Exp Flatten Gather Gemm Identity IsNaN LSTM Log MatMul Max Min Mul Neg'
    .split(' ')
    .map((name) => `/${name}`),
  ...'Pow ReduceMax ReduceMean ReduceMin ReduceSum Relu Reshape Shape Sigmoid Slice Softmax Sqrt Squeeze Sub Tanh'
    .split(' ')
    .map((name) => `/${name}`),
  ...'Transpose Unsqueeze Where DequantizeLinear QuantizeLinear DynamicQuantizeLinear MatMulInteger'
    .split(' ')
    .map((name) => `/${name}`),
  'ai.onnx.ml/TreeEnsembleRegressor',
  'ai.onnx.ml/TreeEnsemble',
  'com.microsoft/DynamicQuantizeLSTM',
]);

/** Inputs that an empty name may leave out: the range [first, end). */
const optionalInputs: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['/Clip', [1, 3]],
  ['/DequantizeLinear', [2, 3]],
  ['/Gemm', [2, 3]],
  ['/LSTM', [3, 8]],
  ['/MatMulInteger', [2, 4]],
  ['/QuantizeLinear', [2, 3]],
  ['/ReduceMax', [1, 2]],
  ['/ReduceMean', [1, 2]],
  ['/ReduceMin', [1, 2]],
  ['/ReduceSum', [1, 2]],
  ['/Slice', [3, 5]],
  ['/Squeeze', [1, 2]],
  ['com.microsoft/DynamicQuantizeLSTM', [3, 8]],
]);

/** Bytes per element of the allowed tensor types. */
const elementSize: ReadonlyMap<number, number> = new Map([
  [DataType.FLOAT, 4],
  [DataType.FLOAT16, 2],
  [DataType.UINT8, 1],
  [DataType.INT8, 1],
  [DataType.INT32, 4],
  [DataType.INT64, 8],
  [DataType.BOOL, 1],
]);

/**
 * Admission: every model file is checked here before anything runs it. Returns a description of the model, or refuses it with
 * the reason. For any bytes this returns or throws ModelRefusedError; it does not hang, recurse without bound or allocate more
 * than a small multiple of the file.
 */
export function checkModel(content: Uint8Array, limits: ModelLimits = defaultModelLimits): CheckedModel {
  if (content.length === 0) refuse('the file is empty');
  if (content.length > limits.maxBytes) {
    refuse(`it has ${content.length} bytes; ${limits.maxBytes} are allowed`);
  }
  const { model, bytes } = decode(content);
  if (model.functions.length > 0) refuse('it defines functions of its own');
  if (model.trainingInfo.length > 0) refuse('it carries training information');
  const domains = new Map(model.opsetImport.map((set) => [set.domain ?? '', Number(set.version)]));
  const graph = model.graph ?? refuse('it has no graph');
  const own = new Set(['', 'ai.onnx', 'ai.onnx.ml', ...(graph.node ?? []).map(({ domain }) => domain ?? '')]);
  for (const domain of domains.keys()) {
    if (!own.has(domain)) refuse(`it imports the operators of ${JSON.stringify(domain)}`);
  }
  const constants = checkTensors(graph, limits);
  const signature = readSignature(model, graph, constants, limits);
  const { inputs, featureNames } = signature;
  const regressors = checkNodes(graph, inputs, constants, featureNames.length, limits);
  checkInt8(graph);
  boundSizes(graph, inputs, limits);
  return {
    bytes,
    ...signature,
    operators: [...new Set((graph.node ?? []).map((node) => node.opType ?? ''))].sort(),
    ...readAnswers(graph, regressors, featureNames),
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

/** Checks the constants of the graph and returns their names. */
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
  if ((tensor.externalData ?? []).length > 0 || (tensor.dataLocation ?? 0) !== 0) {
    refuse(`${what} keeps its data outside the file`);
  }
  if (tensor.segment !== undefined && tensor.segment !== null) refuse(`${what} is a segment`);
  const size = elementSize.get(tensor.dataType ?? 0);
  if (size === undefined) {
    refuse(`${what} has the element type ${tensor.dataType ?? 0}, which is not supported`);
  }
  let elements = 1;
  for (const dimension of (tensor.dims ?? []).map(Number)) {
    if (!(Number.isSafeInteger(dimension) && dimension >= 0)) {
      refuse(`${what} has a dimension of ${dimension}`);
    }
    elements *= dimension;
    if (elements > limits.maxTensorElements) {
      refuse(`${what} has more than ${limits.maxTensorElements} elements`);
    }
  }
  const raw = tensor.rawData?.length ?? 0;
  const typed =
    (tensor.floatData?.length ?? 0) + (tensor.int32Data?.length ?? 0) + (tensor.int64Data?.length ?? 0);
  const others =
    (tensor.doubleData?.length ?? 0) + (tensor.uint64Data?.length ?? 0) + (tensor.stringData?.length ?? 0);
  if (others > 0 || (raw > 0 && typed > 0) || (raw > 0 ? raw !== elements * size : typed !== elements)) {
    refuse(`${what} declares ${elements} elements and holds ${raw > 0 ? raw / size : typed}`);
  }
}

/** Checks the nodes in order. Each may read only earlier results, so the graph has no cycle. */
function checkNodes(
  graph: Onnx.IGraphProto,
  inputs: readonly TensorSpec[],
  constants: ReadonlySet<string>,
  columns: number,
  limits: ModelLimits,
): ReadonlyMap<Onnx.INodeProto, TreeRegressor> {
  const nodes = graph.node ?? [];
  if (nodes.length > limits.maxGraphNodes) {
    refuse(`it has ${nodes.length} operators; ${limits.maxGraphNodes} are allowed`);
  }
  const made = new Set([...inputs.map(({ name }) => name), ...constants]);
  const regressors = new Map<Onnx.INodeProto, TreeRegressor>();
  let trees = 0;
  let treeNodes = 0;
  const shapes = collectShapes(graph);
  for (const node of nodes) {
    const operator = `${node.domain === 'ai.onnx' ? '' : (node.domain ?? '')}/${node.opType ?? ''}`;
    if (!allowedOperators.has(operator)) refuse(`the operator ${JSON.stringify(operator)} is not allowed`);
    for (const name of node.input ?? []) {
      if (name !== '' && !made.has(name)) {
        refuse(`${operator} reads ${JSON.stringify(name)} before it is made`);
      }
    }
    checkInputs(operator, node);
    checkAttributes(operator, node, limits);
    checkLstm(operator, node, shapes);
    if (node.domain === 'ai.onnx.ml') {
      if (node.input?.length !== 1 || node.input[0] !== 'features') {
        refuse('its trees read something other than features');
      }
      const read = node.opType === 'TreeEnsemble' ? readSetTreeNode : readTreeNode;
      const left = {
        ...limits,
        maxTrees: limits.maxTrees - trees,
        maxTreeNodes: limits.maxTreeNodes - treeNodes,
      };
      const regressor = read(node, columns, left);
      regressors.set(node, regressor);
      trees += regressor.trees.length;
      treeNodes += regressor.trees.reduce((sum, { feature }) => sum + feature.length, 0);
    }
    for (const name of node.output ?? []) {
      if (name === '') continue;
      if (made.has(name)) refuse(`${JSON.stringify(name)} is made twice`);
      made.add(name);
    }
  }
  for (const { name } of graph.output ?? []) {
    if (!made.has(name ?? '')) refuse(`nothing makes its output ${JSON.stringify(name)}`);
  }
  return regressors;
}

/** An empty name where onnxruntime needs a value, as in `Max(x, '')`, crashes the process. */
function checkInputs(operator: string, { input }: Onnx.INodeProto): void {
  if (operator !== '/Constant' && (input ?? []).length === 0) refuse(`${operator} reads nothing`);
  const [from, until] = optionalInputs.get(operator) ?? [0, 0];
  for (const [place, name] of (input ?? []).entries()) {
    if (name === '' && !(place >= from && place < until)) {
      refuse(`${operator} leaves out its input ${place}, which it needs`);
    }
  }
}

function checkAttributes(operator: string, node: Onnx.INodeProto, limits: ModelLimits): void {
  for (const attribute of node.attribute ?? []) {
    const what = `${operator} ${attribute.name ?? ''}`;
    const hidesGraph = Boolean(attribute.g) || (attribute.graphs ?? []).length > 0;
    const hidesTensors =
      Boolean(attribute.sparseTensor) ||
      (attribute.sparseTensors ?? []).length > 0 ||
      (attribute.tensors ?? []).length > 0;
    if (hidesGraph || hidesTensors || attribute.refAttrName) {
      refuse(`${what} carries more than a plain value`);
    }
    if (attribute.t) {
      if (attribute.type !== AttributeType.TENSOR) {
        refuse(`${what} carries a tensor that it does not declare`);
      }
      checkTensor(what, attribute.t, limits);
    }
  }
}

/**
 * Reads the tree ensemble in a model file. Refuses a model that is anything other than a single tree ensemble.
 *
 * @internal for specs
 */
export function readTreeEnsemble(
  content: Uint8Array,
  limits: ModelLimits = defaultModelLimits,
): TreeEnsemble {
  return checkModel(content, limits).trees ?? refuse('it is not a single tree ensemble');
}
