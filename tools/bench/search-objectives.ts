import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ParameterValues, type SearchSpace } from '@headrace/trainer/search';
import {
  trainBooster,
  XgboostLibrary,
  xgboostParameters,
  type FoundLibrary,
  type TrainOptions,
} from '@headrace/trainer/xgboost';

/** A function to minimise; `peers/search.py` has the same under the same name. */
export interface Objective {
  readonly name: string;
  readonly space: SearchSpace;
  /** Its minimum; undefined where it is not known. */
  readonly minimum: number | undefined;
  readonly loss: (values: ParameterValues) => number;
  /** Standard deviation of the noise added to the reported loss. Default 0. */
  readonly noise?: number;
}

const numbers = (values: ParameterValues, count: number): number[] =>
  Array.from({ length: count }, (_, index) => Number(values[`x${index}`]));
const box = (count: number, low: number, high: number): SearchSpace =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`x${index}`, { kind: 'float', low, high }]),
  );

const branin: Objective = {
  name: 'branin',
  space: { x0: { kind: 'float', low: -5, high: 10 }, x1: { kind: 'float', low: 0, high: 15 } },
  minimum: 0.39788735772973816,
  loss: (values) => {
    const [x = NaN, y = NaN] = numbers(values, 2);
    const curve = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6;
    return curve ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
  },
};

const hartmannHills = [
  { height: 1, scales: [10, 3, 17, 3.5, 1.7, 8], centre: [1312, 1696, 5569, 124, 8283, 5886] },
  { height: 1.2, scales: [0.05, 10, 17, 0.1, 8, 14], centre: [2329, 4135, 8307, 3736, 1004, 9991] },
  { height: 3, scales: [3, 3.5, 1.7, 10, 17, 8], centre: [2348, 1451, 3522, 2883, 3047, 6650] },
  { height: 3.2, scales: [17, 8, 0.05, 10, 0.1, 14], centre: [4047, 8828, 8732, 5743, 1091, 381] },
];
const hartmann: Objective = {
  name: 'hartmann6',
  space: box(6, 0, 1),
  minimum: -3.32236801141551,
  loss: (values) => evaluateHills(hartmannHills, numbers(values, 6)),
};

interface Hill {
  readonly height: number;
  readonly scales: readonly number[];
  /** In ten-thousandths. */
  readonly centre: readonly number[];
}

function evaluateHills(hills: readonly Hill[], x: readonly number[]): number {
  return -hills.reduce((sum, { height, scales, centre }) => {
    const distance = scales.reduce(
      (all, scale, axis) => all + scale * (x[axis]! - centre[axis]! / 1e4) ** 2,
      0,
    );
    return sum + height * Math.exp(-distance);
  }, 0);
}

const rosenbrock: Objective = {
  name: 'rosenbrock10',
  space: box(10, -5, 10),
  minimum: 0,
  loss: (values) => {
    const x = numbers(values, 10);
    return x
      .slice(1)
      .reduce((sum, next, index) => sum + 100 * (next - x[index]! ** 2) ** 2 + (1 - x[index]!) ** 2, 0);
  },
};

/** Choices that stretch or lift the bowl of the others; 0 at kind "a", width 37, depth 5, rate 10^-2.5, share 0.35. */
const mixed: Objective = {
  name: 'mixed',
  space: {
    activation: { kind: 'categorical', choices: ['relu', 'tanh', 'gelu'] },
    depth: { kind: 'int', low: 1, high: 12 },
    kind: { kind: 'categorical', choices: ['a', 'b', 'c', 'd'] },
    rate: { kind: 'float', low: 1e-5, high: 1, log: true },
    share: { kind: 'float', low: 0, high: 1, step: 0.05 },
    width: { kind: 'int', low: 1, high: 100 },
  },
  minimum: 0,
  loss: ({ activation, depth, kind, rate, share, width }) =>
    ['a', 'b', 'c', 'd'].indexOf(String(kind)) * 0.5 +
    (Number(width) - 37) ** 2 / 400 +
    ((Number(depth) - 5) ** 2 / 4) * (activation === 'relu' ? 1 : activation === 'tanh' ? 2 : 0.5) +
    (Math.log10(Number(rate)) + 2.5) ** 2 +
    Math.abs(Number(share) - 0.35) * 2,
};

const levy: Objective = {
  name: 'levy4',
  space: box(4, -10, 10),
  minimum: 0,
  loss: (values) => {
    const w = numbers(values, 4).map((value) => 1 + (value - 1) / 4);
    const [first = NaN, last = NaN] = [w[0], w.at(-1)];
    const between = w
      .slice(0, -1)
      .reduce((sum, value) => sum + (value - 1) ** 2 * (1 + 10 * Math.sin(Math.PI * value + 1) ** 2), 0);
    return (
      Math.sin(Math.PI * first) ** 2 + between + (last - 1) ** 2 * (1 + Math.sin(2 * Math.PI * last) ** 2)
    );
  },
};

const hartmannThree = [
  { height: 1, scales: [3, 10, 30], centre: [3689, 1170, 2673] },
  { height: 1.2, scales: [0.1, 10, 35], centre: [4699, 4387, 7470] },
  { height: 3, scales: [3, 10, 30], centre: [1091, 8732, 5547] },
  { height: 3.2, scales: [0.1, 10, 35], centre: [381, 5743, 8828] },
];
/** Hartmann-3 of three parameters among nine that do nothing. */
const embedded: Objective = {
  name: 'embedded12',
  space: box(12, 0, 1),
  minimum: -3.86278214782076,
  loss: (values) => evaluateHills(hartmannThree, [values['x1'], values['x6'], values['x10']].map(Number)),
};

/** Like a support vector machine: the kernel decides which other parameters exist. 0 at rbf, 10^1.7, 10^-2.5. */
const conditional: Objective = {
  name: 'conditional',
  space: {
    cost: { kind: 'float', low: 1e-3, high: 1e4, log: true },
    degree: { kind: 'int', low: 2, high: 6, when: [{ parameter: 'kernel', in: ['poly'] }] },
    gamma: {
      kind: 'float',
      low: 1e-6,
      high: 10,
      log: true,
      when: [{ parameter: 'kernel', in: ['rbf', 'poly'] }],
    },
    kernel: { kind: 'categorical', choices: ['linear', 'rbf', 'poly'] },
    shrinking: { kind: 'categorical', choices: [false, true] },
  },
  minimum: 0,
  loss: ({ cost, degree, gamma, kernel, shrinking }) => {
    const c = Math.log10(Number(cost));
    const lift = shrinking === true ? 0.005 : 0;
    if (kernel === 'linear') return lift + 0.15 + 0.02 * c ** 2;
    const g = Math.log10(Number(gamma));
    if (kernel === 'rbf') return lift + 0.03 * (c - 2 + 0.6 * (g + 3)) ** 2 + 0.04 * (g + 2.5) ** 2;
    return lift + 0.02 + 0.03 * (c - 1) ** 2 + 0.02 * (g + 1) ** 2 + 0.01 * Math.abs(Number(degree) - 3);
  },
};

/** Our sampler was not tuned on the last four. */
export const analyticObjectives: readonly Objective[] = [
  branin,
  hartmann,
  rosenbrock,
  mixed,
  levy,
  embedded,
  conditional,
  { ...levy, name: 'noisy-levy4', noise: 1 },
];

type Rows = TrainOptions['data'];

/** Training data of both sides: rows of the last readings with the next one as label, in order of time. */
export interface SeriesRows {
  readonly train: Rows;
  readonly validation: Rows;
}

const lags = 8;
const readings = 1500;
const rounds = 15;

/** A real series of the Numenta Anomaly Benchmark, which ships with the repository: its newest part, the last quarter of which
 * is for validation. */
export function readSeriesRows(root: string): SeriesRows {
  const text = readFileSync(join(root, 'config/data/nab/ec2_cpu_utilization_5f5533.csv'), 'utf8');
  const lines = text.trim().split('\n').slice(-readings);
  const series = lines.map((line) => Number(line.split(',')[1]));
  const cut = lags + Math.floor((series.length - lags) * 0.75);
  const rowsOf = (from: number, to: number): Rows => {
    const rows = to - from;
    const values = new Float32Array(rows * lags);
    for (let row = 0; row < rows; row += 1) {
      for (let lag = 0; lag < lags; lag += 1) values[row * lags + lag] = series[from + row - 1 - lag]!;
    }
    return { values, rows, columns: lags, label: Float32Array.from(series.slice(from, to)) };
  };
  return { train: rowsOf(lags, cut), validation: rowsOf(cut, series.length) };
}

/** Root mean squared error on the validation rows of a small model, one thread. */
export function xgboostObjective(found: FoundLibrary, { train, validation }: SeriesRows): Objective {
  const library = XgboostLibrary.load(found.path);
  return {
    name: 'xgboost',
    space: {
      colsample_bytree: { kind: 'float', low: 0.3, high: 1 },
      learning_rate: { kind: 'float', low: 0.01, high: 1, log: true },
      max_depth: { kind: 'int', low: 1, high: 6 },
      min_child_weight: { kind: 'float', low: 0.1, high: 100, log: true },
      reg_lambda: { kind: 'float', low: 0.001, high: 100, log: true },
      subsample: { kind: 'float', low: 0.3, high: 1 },
    },
    minimum: undefined,
    loss: (values) => {
      const fixed = { objective: 'reg:squarederror', eval_metric: ['rmse'] };
      const { booster, history } = trainBooster(library, {
        parameters: xgboostParameters.parse({ ...fixed, ...values }),
        rounds,
        threads: 1,
        data: train,
        evaluation: [{ name: 'validation', data: validation }],
      });
      booster.free();
      return history['validation-rmse']!.at(-1)!;
    },
  };
}
