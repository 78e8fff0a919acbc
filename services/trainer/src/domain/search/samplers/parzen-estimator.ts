import { type Bandwidth } from './kernel-bandwidth.js';
import { stepOf, type Parameter } from '../space/search-space.js';

/** What was seen of one parameter, by trial: the value, or the index of the choice. */
export interface Column {
  readonly parameter: Parameter;
  readonly positions: Float64Array;
}

/** One kernel a row and one more, the last, for the prior; each is a product over the parameters. */
export interface ParzenEstimator {
  /** Sum 1. */
  readonly weights: Float64Array;
  readonly parts: readonly Part[];
}

export type Part = NormalPart | CategoricalPart;

export interface NormalPart {
  readonly kind: 'normal';
  readonly parameter: Exclude<Parameter, { kind: 'categorical' }>;
  /** In the logarithm where the parameter is logarithmic; so are sigma and the bounds. */
  readonly mu: Float64Array;
  readonly sigma: Float64Array;
  readonly low: number;
  readonly high: number;
  readonly step: number | undefined;
  readonly log: boolean;
  /** Kernels that are the same curve share a number. */
  readonly curve: Int32Array;
  /** One kernel of each curve. */
  readonly curves: Int32Array;
}

export interface CategoricalPart {
  readonly kind: 'categorical';
  readonly choices: number;
  /** Row after row. */
  readonly chances: Float64Array;
}

/**
 * The density that a handful of points suggests: a mixture of one kernel a point and a prior over the whole domain,
 * which has the weight of one point of weight 1.
 *
 * Numbers: a normal cut off at the bounds. Its sigma is the larger gap to the neighbours in that parameter (at the ends
 * the one gap there is; a single point looks at the bounds) times the bandwidth's factor, at least the bandwidth's share
 * of the range, at most the range; the prior sits in the middle with the range as sigma. With a step the domain is half a
 * step wider on either side and the density is the mass of a step. Logarithmic parameters are all this in the logarithm;
 * their density is too.
 *
 * Choices: (1 if seen, plus 1 / (points + 1)) / sum; the prior is uniform.
 *
 * No points leave the prior alone. Points must lie in the domain, columns have one length.
 *
 * @see Bergstra et al. (2011), Algorithms for hyper-parameter optimization; Falkner et al. (2018), BOHB; Watanabe
 *   (2023), Tree-structured Parzen estimator (with `bandwidthOfOthers` of one number the rules are those of Optuna 5)
 */
export function fitParzen(
  columns: readonly Column[],
  rowWeights: ArrayLike<number>,
  bandwidth: Bandwidth,
): ParzenEstimator {
  const rows = columns[0]?.positions.length ?? 0;
  const weights = new Float64Array(rows + 1);
  let total = 1;
  for (let row = 0; row < rows; row += 1) total += rowWeights[row] ?? 0;
  for (let row = 0; row < rows; row += 1) weights[row] = (rowWeights[row] ?? 0) / total;
  weights[rows] = 1 / total;
  return {
    weights,
    parts: columns.map(({ parameter, positions }) =>
      parameter.kind === 'categorical'
        ? fitChoices(parameter.choices.length, positions)
        : fitNormals(parameter, positions, bandwidth),
    ),
  };
}

function fitChoices(choices: number, positions: Float64Array): CategoricalPart {
  const rows = positions.length;
  const chances = new Float64Array((rows + 1) * choices).fill(1 / choices);
  const smoothing = 1 / (rows + 1);
  const sum = 1 + choices * smoothing;
  chances.fill(smoothing / sum, 0, rows * choices);
  for (let row = 0; row < rows; row += 1) {
    chances[row * choices + (positions[row] ?? 0)] = (1 + smoothing) / sum;
  }
  return { kind: 'categorical', choices, chances };
}

function fitNormals(
  parameter: NormalPart['parameter'],
  positions: Float64Array,
  { factorOfGap, minShare }: Bandwidth,
): NormalPart {
  const rows = positions.length;
  const step = stepOf(parameter);
  const log = parameter.log === true;
  const scale = log ? Math.log : (value: number): number => value;
  const low = scale(parameter.low - (step ?? 0) / 2);
  const high = scale(parameter.high + (step ?? 0) / 2);
  const range = high - low;
  const smallest = range * minShare;
  const mu = new Float64Array(rows + 1);
  for (let row = 0; row < rows; row += 1) mu[row] = scale(positions[row] ?? NaN);
  mu[rows] = 0.5 * (low + high);
  const order = stableOrder(mu.subarray(0, rows));
  const sigma = new Float64Array(rows + 1);
  sigma[rows] = range;
  const curve = new Int32Array(rows + 1);
  const curves: number[] = [];
  for (let rank = 0; rank < rows; rank += 1) {
    const row = order[rank] ?? 0;
    const here = mu[row] ?? 0;
    const before = mu[order[rank - 1] ?? -1];
    const after = mu[order[rank + 1] ?? -1];
    const gap =
      before === undefined && after === undefined
        ? Math.max(here - low, high - here)
        : Math.max(before === undefined ? 0 : here - before, after === undefined ? 0 : after - here);
    sigma[row] = Math.min(range, Math.max(smallest, gap * factorOfGap));
    const last = curves.at(-1);
    if (last === undefined || mu[last] !== here || sigma[last] !== sigma[row]) curves.push(row);
    curve[row] = curves.length - 1;
  }
  curves.push(rows);
  curve[rows] = curves.length - 1;
  return {
    kind: 'normal',
    parameter,
    mu,
    sigma,
    low,
    high,
    step,
    log,
    curve,
    curves: Int32Array.from(curves),
  };
}

/** The rows by value, equals by row. Sorting the values alone and looking each up takes half the time of a comparator. */
function stableOrder(values: Float64Array): Int32Array {
  const sorted = values.slice().sort();
  const placed = new Int32Array(values.length);
  const order = new Int32Array(values.length);
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number;
    let [first, end] = [0, sorted.length];
    while (first < end) {
      const middle = (first + end) >>> 1;
      if ((sorted[middle] as number) < value) first = middle + 1;
      else end = middle;
    }
    const before = placed[first] as number;
    order[first + before] = row;
    placed[first] = before + 1;
  }
  return order;
}
