import { refuse } from '../trees/tree-ensemble.js';
import { type GraphBuilder } from './graph-builder.js';

/** Mean and scale of each channel or column, fitted on training data; a constant one has the scale 1. */
export interface Scaler {
  readonly mean: Float32Array;
  readonly scale: Float32Array;
}

/**
 * Standardises the last axis of `input`, `(x - mean) / scale` in float32, and replaces missing values (NaN) by 0, the mean of
 * the training data. Short sequences are padded with zeros after scaling too, so a padded step and a step without data are
 * equivalent.
 */
export function addScaler(
  graph: GraphBuilder,
  prefix: string,
  input: string,
  { mean, scale }: Scaler,
  width: number,
): string {
  if (mean.length !== width || scale.length !== width) {
    refuse(`${prefix} has a scaler of ${mean.length} means and ${scale.length} scales for ${width} columns`);
  }
  checkFinite(`${prefix} scaler mean`, mean);
  checkFinite(`${prefix} scaler scale`, scale);
  if (scale.some((value) => value <= 0)) {
    refuse(`${prefix} has a scale that is not positive; use 1 for a column that never changes`);
  }
  const centred = graph.node(
    'Sub',
    [input, graph.floats(`${prefix}/mean`, [width], mean)],
    `${prefix}/centred`,
  );
  const scaled = graph.node(
    'Div',
    [centred, graph.floats(`${prefix}/scale`, [width], scale)],
    `${prefix}/scaled`,
  );
  const missing = graph.node('IsNaN', [input], `${prefix}/missing`);
  return graph.node('Where', [missing, graph.floats(`${prefix}/fill`, [1], [0]), scaled], `${prefix}/filled`);
}

export function checkFinite(what: string, values: ArrayLike<number>): void {
  for (let index = 0; index < values.length; index += 1) {
    if (!Number.isFinite(values[index])) refuse(`${what}[${index}] is not a finite number`);
  }
}

/** Refuses an array whose length is not the product of its dimensions, or that holds a number that is not finite. */
export function checkWeights(what: string, values: Float32Array, dims: readonly number[]): void {
  const count = dims.reduce((product, size) => product * size, 1);
  if (values.length !== count) {
    refuse(`${what} has ${values.length} values where [${dims.join(', ')}] needs ${count}`);
  }
  checkFinite(what, values);
}
