import { type onnx as Onnx } from 'onnx-proto';
import { toNumbers, readTensor } from '../tensor-values.js';
import { type TreeRegressor } from '../trees/read-tree-node.js';
import { type TreeClasses } from '../trees/tree-classes.js';
import { type Link, type TreeEnsemble } from '../trees/tree-ensemble.js';

/** The part of a model that a compiled scorer can answer: one of the two, or neither. */
export interface TreeAnswers {
  readonly trees: TreeEnsemble | undefined;
  readonly classes: TreeClasses | undefined;
}

/** Meaning of a value of the graph: of one ensemble, or of several in the columns of a matrix. */
type Meaning =
  | { readonly kind: 'answer'; readonly regressor: TreeRegressor; readonly link: Link; readonly axes: Axes }
  | { readonly kind: 'margins'; readonly of: readonly TreeRegressor[] }
  | { readonly kind: 'shares'; readonly of: readonly TreeRegressor[] }
  | { readonly kind: 'share'; readonly of: readonly TreeRegressor[]; readonly classes: readonly number[] };

/** Whether one number a row is [n] or [n, 1], where that is certain. */
type Axes = 'list' | 'column' | 'unknown';

/** Operators that change the shape of one column and nothing else. */
const reshaping: ReadonlySet<string> = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);

/**
 * Determines the meaning of the outputs of a graph that are computed from trees alone:
 *
 * - `trees`: every output is the link function of the margin of the one ensemble;
 * - `classes`: every output is a sum of shares in the softmax of several margins, as buildEnsembleModel writes them.
 *
 * Any other graph, or the same computation in other operators, is not compiled; onnxruntime runs it.
 */
export function readAnswers(
  graph: Onnx.IGraphProto,
  regressors: ReadonlyMap<Onnx.INodeProto, TreeRegressor>,
  featureNames: readonly string[],
): TreeAnswers {
  const meaning = new Map<string, Meaning>();
  const constants = new Map((graph.initializer ?? []).map((tensor) => [tensor.name ?? '', tensor]));
  for (const node of graph.node ?? []) {
    const made = readMeaning(node, regressors.get(node), meaning, constants);
    if (made !== undefined) meaning.set(node.output?.[0] ?? '', made);
  }
  const outputs = (graph.output ?? []).map(({ name }) => ({ name: name ?? '', is: meaning.get(name ?? '') }));
  const [first] = outputs;
  const ensemble = ({ trees, offset }: TreeRegressor, link: Link): TreeEnsemble => ({
    featureNames,
    trees,
    offset,
    link,
  });
  const answer = first?.is;
  if (
    answer?.kind === 'answer' &&
    regressors.size === 1 &&
    outputs.every(({ is }) => is?.kind === 'answer' && is.link === answer.link)
  ) {
    return { trees: ensemble(answer.regressor, answer.link), classes: undefined };
  }
  const shares = outputs.flatMap(({ name, is }) => (is?.kind === 'share' ? [{ name, ...is }] : []));
  const of = shares[0]?.of;
  if (of === undefined || shares.length !== outputs.length || shares.some((share) => share.of !== of)) {
    return { trees: undefined, classes: undefined };
  }
  return {
    trees: undefined,
    classes: {
      featureNames,
      margins: of.map((regressor) => ensemble(regressor, 'identity')),
      outputs: shares.map(({ name, classes }) => ({ name, classes })),
    },
  };
}

type Constants = ReadonlyMap<string, Onnx.ITensorProto>;

function readMeaning(
  node: Onnx.INodeProto,
  regressor: TreeRegressor | undefined,
  meaning: ReadonlyMap<string, Meaning>,
  constants: Constants,
): Meaning | undefined {
  if (regressor !== undefined) {
    const link = regressor.postTransform === 'LOGISTIC' ? 'sigmoid' : 'identity';
    return { kind: 'answer', regressor, link, axes: 'column' };
  }
  const axis = Number(node.attribute?.find(({ name }) => name === 'axis')?.i ?? -1);
  const inputs = node.input ?? [];
  if (node.opType === 'Concat') {
    const of = inputs.flatMap((name) => {
      const one = meaning.get(name);
      return one?.kind === 'answer' && one.link === 'identity' && one.axes === 'column'
        ? [one.regressor]
        : [];
    });
    return of.length === inputs.length && axis === 1 ? { kind: 'margins', of } : undefined;
  }
  const from = meaning.get(inputs[0] ?? '');
  switch (from?.kind) {
    case 'answer':
      if (reshaping.has(node.opType ?? '')) return { ...from, axes: inferAxes(node, from.axes, constants) };
      if (from.link !== 'identity') return undefined;
      if (node.opType === 'Sigmoid') return { ...from, link: 'sigmoid' };
      return node.opType === 'Exp' ? { ...from, link: 'exp' } : undefined;
    case 'margins':
      return node.opType === 'Softmax' && axis === 1 ? { kind: 'shares', of: from.of } : undefined;
    case 'shares': {
      const picked = node.opType === 'MatMul' ? readPicked(constants.get(inputs[1] ?? '')) : undefined;
      if (picked?.length !== from.of.length) return undefined;
      return { kind: 'share', of: from.of, classes: picked.flatMap((one, index) => (one ? [index] : [])) };
    }
    case 'share':
      return node.opType === 'Identity' ? from : undefined;
    case undefined:
      return undefined;
  }
}

/** Which classes a constant vector of zeros and ones picks; undefined for anything else. */
function readPicked(tensor: Onnx.ITensorProto | undefined): readonly boolean[] | undefined {
  if (tensor?.dims?.length !== 1) return undefined;
  const weights = readNumbers(tensor);
  return weights.every((weight) => weight === 0 || weight === 1)
    ? weights.map((weight) => weight === 1)
    : undefined;
}

function inferAxes(node: Onnx.INodeProto, axes: Axes, constants: Constants): Axes {
  if (node.opType === 'Identity') return axes;
  const [only, ...others] = readNumbers(constants.get(node.input?.[1] ?? ''));
  if (others.length > 0) return 'unknown';
  if (node.opType === 'Reshape' && only === -1) return 'list';
  return node.opType === 'Unsqueeze' && only === 1 && axes === 'list' ? 'column' : 'unknown';
}

function readNumbers(tensor: Onnx.ITensorProto | undefined): readonly number[] {
  const read = tensor === undefined ? undefined : readTensor(tensor);
  return read === undefined ? [] : toNumbers(read.values);
}
