import { refuse } from '../trees/tree-ensemble.js';
import { addScaler, checkWeights, type Scaler } from './add-scaler.js';
import { type GraphBuilder } from './graph-builder.js';

export type Activation = 'linear' | 'relu' | 'tanh' | 'sigmoid';

/** A fully connected network over scaled features; its last layer has one unit whose value is the logit. */
export interface DenseNetwork {
  readonly scaler: Scaler;
  readonly layers: readonly {
    readonly units: number;
    /** [inputs, units], row-major. */
    readonly kernel: Float32Array;
    /** [units] */
    readonly bias: Float32Array;
    readonly activation: Activation;
  }[];
}

const operatorOf = { relu: 'Relu', tanh: 'Tanh', sigmoid: 'Sigmoid' } as const;

/** The logit of each row of `features` [n, columns]. A missing feature is replaced by its mean in the training data. */
export function addDense(
  graph: GraphBuilder,
  prefix: string,
  features: string,
  columns: number,
  { scaler, layers }: DenseNetwork,
): string {
  if (layers.at(-1)?.units !== 1 || layers.at(-1)?.activation !== 'linear') {
    refuse(`${prefix} must end in a linear layer of one unit, whose value is the logit`);
  }
  let value = addScaler(graph, prefix, features, scaler, columns);
  let inputs = columns;
  for (const [index, { units, kernel, bias, activation }] of layers.entries()) {
    const at = `${prefix}/layer${index}`;
    checkWeights(`${at} kernel`, kernel, [inputs, units]);
    checkWeights(`${at} bias`, bias, [units]);
    value = graph.node(
      'Gemm',
      [value, graph.floats(`${at}/w`, [inputs, units], kernel), graph.floats(`${at}/b`, [units], bias)],
      `${at}/sum`,
    );
    if (activation !== 'linear') value = graph.node(operatorOf[activation], [value], `${at}/active`);
    inputs = units;
  }
  return graph.node('Reshape', [value, graph.integers('one_per_row', [-1])], `${prefix}/logit`);
}
