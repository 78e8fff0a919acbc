import * as tf from '@tensorflow/tfjs-core';
import { type Tensor2D } from '@tensorflow/tfjs-core';
import { type PackedWeights } from '../../domain/sequence/packed-weights.js';

export interface NetworkShape {
  readonly steps: number;
  readonly channels: number;
  readonly units: readonly number[];
}

/** What the backward pass needs of one layer; each array has one entry a step, and tensors are [units, rows]. */
interface LayerTrace {
  /** [units + inputs + 1, rows]: the state before, the input, ones. */
  readonly entered: Tensor2D[];
  readonly input: Tensor2D[];
  readonly forget: Tensor2D[];
  readonly output: Tensor2D[];
  readonly candidate: Tensor2D[];
  readonly cell: Tensor2D[];
  readonly cellTanh: Tensor2D[];
  readonly state: Tensor2D[];
}

/**
 * The passes of an LSTM network with one output, in operations of tensorflow.js on whatever backend is set.
 *
 * Everything lies features x rows, so that gates, steps and the state are contiguous: splitting and joining them is a copy
 * of memory, and one product `K [h; x; 1]` gives all gates of a step. The backward pass is written out instead of recorded
 * by tensorflow.js's tape: the slopes of the gates are computed over all steps at once and the gradient of a layer's
 * matrix is one product over all steps, a third of the operations that the tape would run.
 *
 *   i, f, o = s(z_i), s(z_f), s(z_o)   g = tanh(z_g)   c' = f c + i g   h' = o tanh(c')
 *
 * @see Hochreiter, Schmidhuber (1997); Gers, Schmidhuber, Cummins (2000) for the forget gate
 */
export class LstmPass {
  private layers: { readonly matrix: Tensor2D; readonly transposed: Tensor2D }[] = [];
  private dense: { readonly row: Tensor2D; readonly column: Tensor2D } | undefined;
  private denseBias = 0;

  constructor(private readonly shape: NetworkShape) {}

  /** Takes these weights for the passes to come. They are copied. */
  load(weights: PackedWeights): void {
    this.dispose();
    let inputs = this.shape.channels;
    this.layers = this.shape.units.map((units, index) => {
      const matrix = tf.tensor2d(weights[index] as Float32Array, [4 * units, units + inputs + 1]);
      // The lowest layer's input asks for no gradient: only the rows of the state are needed.
      const transposed = tf.tidy(() =>
        index === 0 ? tf.transpose(tf.slice(matrix, [0, 0], [4 * units, units])) : tf.transpose(matrix),
      );
      inputs = units;
      return { matrix, transposed };
    });
    const dense = weights[this.shape.units.length] as Float32Array;
    this.denseBias = dense[inputs] as number;
    this.dense = {
      row: tf.tensor2d(dense.slice(0, inputs), [1, inputs]),
      column: tf.tensor2d(dense.slice(0, inputs), [inputs, 1]),
    };
  }

  dispose(): void {
    for (const { matrix, transposed } of this.layers) tf.dispose([matrix, transposed]);
    if (this.dense) tf.dispose([this.dense.row, this.dense.column]);
    this.layers = [];
    this.dense = undefined;
  }

  /** Logits of `rows` sequences, laid out as `laidOut` does it. */
  logits(batch: Float32Array, rows: number): Float32Array {
    let logits: Float32Array = new Float32Array(0);
    tf.tidy(() => {
      logits = this.forward(batch, rows).logits;
    });
    return logits;
  }

  /**
   * Adds to `gradients` (one array a matrix of the packed weights) what these rows contribute. `slopesOf` is given the
   * logits and answers the slope of the whole loss by each of them.
   */
  addGradients(
    batch: Float32Array,
    rows: number,
    slopesOf: (logits: Float32Array) => Float32Array,
    gradients: readonly Float64Array[],
  ): void {
    tf.tidy(() => {
      const { logits, traces } = this.forward(batch, rows);
      this.backward(traces, slopesOf(logits), rows, gradients);
    });
  }

  private forward(batch: Float32Array, rows: number): { logits: Float32Array; traces: LayerTrace[] } {
    const { steps, channels, units } = this.shape;
    const ones = tf.ones<tf.Rank.R2>([1, rows]);
    const data = tf.tensor2d(batch, [steps * channels, rows]);
    let inputs = byStep(data, steps);
    const traces: LayerTrace[] = [];
    for (const [index, width] of units.entries()) {
      const trace = forwardLayer((this.layers[index] as { matrix: Tensor2D }).matrix, width, inputs, ones);
      traces.push(trace);
      inputs = trace.state;
    }
    const logits = tf
      .matMul((this.dense as { row: Tensor2D }).row, last(inputs))
      .dataSync<'float32'>()
      .map((logit) => logit + this.denseBias);
    return { logits, traces };
  }

  private backward(
    traces: readonly LayerTrace[],
    slopes: Float32Array,
    rows: number,
    gradients: readonly Float64Array[],
  ): void {
    const { units } = this.shape;
    const top = traces[units.length - 1] as LayerTrace;
    const slope = tf.tensor2d(slopes, [1, rows]);
    const denseGradient = gradients[units.length] as Float64Array;
    add(denseGradient, tf.matMul(last(top.state), tf.transpose(slope)).dataSync<'float32'>());
    const biasAt = denseGradient.length - 1;
    denseGradient[biasAt] = slopes.reduce((sum, value) => sum + value, denseGradient[biasAt] as number);

    // By step: the slope of the loss by the layer's state, as far as it comes from above.
    let fromAbove: (Tensor2D | undefined)[] = [];
    fromAbove[this.shape.steps - 1] = tf.matMul((this.dense as { column: Tensor2D }).column, slope);
    for (let index = units.length - 1; index >= 0; index -= 1) {
      const { transposed } = this.layers[index] as { transposed: Tensor2D };
      const width = units[index] as number;
      const trace = traces[index] as LayerTrace;
      const below = index === 0 ? undefined : (units[index - 1] as number);
      const { gateSlopes, inputSlopes } = backwardLayer(transposed, width, below, trace, fromAbove);
      const gradient = tf.matMul(tf.concat(gateSlopes, 1), tf.transpose(tf.concat(trace.entered, 1)));
      add(gradients[index] as Float64Array, gradient.dataSync<'float32'>());
      fromAbove = inputSlopes;
    }
  }
}

/**
 * Puts sequences in the layout of the passes, [steps, channels, rows], by their places in `order`. `values` is
 * [n, steps, channels], scaled.
 */
export function laidOut(
  values: Float32Array,
  order: ArrayLike<number>,
  from: number,
  to: number,
  { steps, channels }: NetworkShape,
): Float32Array {
  const rows = to - from;
  const size = steps * channels;
  const batch = new Float32Array(size * rows);
  for (let row = 0; row < rows; row += 1) {
    const begin = (order[from + row] as number) * size;
    for (let at = 0; at < size; at += 1) batch[at * rows + row] = values[begin + at] as number;
  }
  return batch;
}

function forwardLayer(
  matrix: Tensor2D,
  units: number,
  inputs: readonly Tensor2D[],
  ones: Tensor2D,
): LayerTrace {
  const rows = ones.shape[1];
  const trace: LayerTrace = {
    entered: [],
    input: [],
    forget: [],
    output: [],
    candidate: [],
    cell: [tf.zeros([units, rows])],
    cellTanh: [],
    state: [],
  };
  let state: Tensor2D = tf.zeros([units, rows]);
  for (const [step, given] of inputs.entries()) {
    const entered = tf.concat([state, given, ones], 0);
    const sums: Tensor2D = tf.matMul(matrix, entered);
    const gate = (place: number): Tensor2D => tf.slice(sums, [place * units, 0], [units, rows]);
    const [input, forget, output] = [tf.sigmoid(gate(0)), tf.sigmoid(gate(1)), tf.sigmoid(gate(2))];
    const candidate = tf.tanh(gate(3));
    const cell = tf.add<Tensor2D>(tf.mul(forget, trace.cell[step] as Tensor2D), tf.mul(input, candidate));
    const cellTanh = tf.tanh(cell);
    state = tf.mul(output, cellTanh);
    trace.entered.push(entered);
    trace.input.push(input);
    trace.forget.push(forget);
    trace.output.push(output);
    trace.candidate.push(candidate);
    trace.cell.push(cell);
    trace.cellTanh.push(cellTanh);
    trace.state.push(state);
  }
  return trace;
}

/**
 * Backwards through time in one layer. `transposed` is the layer's matrix, columns as rows; with `below` (units of the
 * layer below) it answers the slopes by the input of each step too.
 */
function backwardLayer(
  transposed: Tensor2D,
  units: number,
  below: number | undefined,
  trace: LayerTrace,
  fromAbove: readonly (Tensor2D | undefined)[],
): { gateSlopes: Tensor2D[]; inputSlopes: Tensor2D[] } {
  const steps = trace.state.length;
  const one = tf.scalar(1);
  const [input, forget, output, candidate, cellTanh] = [
    trace.input,
    trace.forget,
    trace.output,
    trace.candidate,
    trace.cellTanh,
  ].map(overSteps) as [Tensor2D, Tensor2D, Tensor2D, Tensor2D, Tensor2D];
  const before = overSteps(trace.cell.slice(0, -1));
  const bySigmoid = (gate: Tensor2D, times: Tensor2D): Tensor2D =>
    tf.mul(times, tf.mul(gate, tf.sub(one, gate)));
  const byTanh = (value: Tensor2D, times: Tensor2D): Tensor2D =>
    tf.mul(times, tf.sub(one, tf.mul(value, value)));
  // What a slope by the cell, or by the state, is multiplied with to become one by a gate's sum.
  const toInput = byStep(bySigmoid(input, candidate), steps);
  const toForget = byStep(bySigmoid(forget, before), steps);
  const toCandidate = byStep(byTanh(candidate, input), steps);
  const toOutput = byStep(bySigmoid(output, cellTanh), steps);
  const toCell = byStep(byTanh(cellTanh, output), steps);

  const gateSlopes: Tensor2D[] = [];
  const inputSlopes: Tensor2D[] = [];
  let stateSlope: Tensor2D | undefined;
  let cellSlope: Tensor2D | undefined;
  for (let step = steps - 1; step >= 0; step -= 1) {
    const at = (tensors: readonly Tensor2D[]): Tensor2D => tensors[step] as Tensor2D;
    const byState = sum(stateSlope, fromAbove[step]) as Tensor2D;
    const byCell = sum(cellSlope, tf.mul(byState, at(toCell))) as Tensor2D;
    const byGates = tf.concat(
      [
        tf.mul<Tensor2D>(byCell, at(toInput)),
        tf.mul<Tensor2D>(byCell, at(toForget)),
        tf.mul<Tensor2D>(byState, at(toOutput)),
        tf.mul<Tensor2D>(byCell, at(toCandidate)),
      ],
      0,
    );
    gateSlopes[step] = byGates;
    const byEntered: Tensor2D = tf.matMul(transposed, byGates);
    if (below === undefined) stateSlope = byEntered;
    else [stateSlope, inputSlopes[step]] = tf.split(byEntered, [units, below, 1], 0) as [Tensor2D, Tensor2D];
    cellSlope = tf.mul(byCell, at(trace.forget));
  }
  return { gateSlopes, inputSlopes };
}

function overSteps(tensors: readonly Tensor2D[]): Tensor2D {
  return tf.concat([...tensors], 0);
}

function byStep(tensor: Tensor2D, steps: number): Tensor2D[] {
  return steps === 1 ? [tensor] : tf.split(tensor, steps, 0);
}

function sum(one: Tensor2D | undefined, other: Tensor2D | undefined): Tensor2D | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return tf.add<Tensor2D>(one, other);
}

function last(tensors: readonly Tensor2D[]): Tensor2D {
  return tensors[tensors.length - 1] as Tensor2D;
}

function add(total: Float64Array, part: Float32Array): void {
  for (let at = 0; at < part.length; at += 1) total[at] = (total[at] as number) + (part[at] as number);
}
