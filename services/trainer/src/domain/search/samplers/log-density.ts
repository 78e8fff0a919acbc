import { logNormalMass, massWithin } from './normal-distribution.js';
import { type CategoricalPart, type NormalPart, type ParzenEstimator } from './parzen-estimator.js';

/** ln of the density at each of some points (one column a parameter, as positions). */
export function logDensity(
  { weights, parts }: ParzenEstimator,
  points: readonly Float64Array[],
): Float64Array {
  const count = points[0]?.length ?? 0;
  const kernels = weights.length;
  const logs = new Float64Array(count * kernels);
  const logWeights = weights.map(Math.log);
  for (let point = 0; point < count; point += 1) logs.set(logWeights, point * kernels);
  parts.forEach((part, index) => {
    const column = points[index] ?? new Float64Array(count);
    if (part.kind === 'categorical') addChoices(logs, kernels, part, column);
    else if (part.step === undefined) addDensities(logs, kernels, part, column);
    else addMasses(logs, kernels, part, part.step, column);
  });
  return Float64Array.from({ length: count }, (_, point) =>
    logSumExp(logs.subarray(point * kernels, (point + 1) * kernels)),
  );
}

function addChoices(
  logs: Float64Array,
  kernels: number,
  { choices, chances }: CategoricalPart,
  column: Float64Array,
): void {
  const logChances = chances.map(Math.log);
  for (let point = 0; point < column.length; point += 1) {
    const choice = column[point] ?? 0;
    for (let kernel = 0; kernel < kernels; kernel += 1) {
      logs[point * kernels + kernel] =
        (logs[point * kernels + kernel] as number) + (logChances[kernel * choices + choice] as number);
    }
  }
}

function addDensities(logs: Float64Array, kernels: number, part: NormalPart, column: Float64Array): void {
  const { mu, sigma, low, high, log } = part;
  const scale = new Float64Array(kernels);
  const constant = new Float64Array(kernels);
  for (let kernel = 0; kernel < kernels; kernel += 1) {
    const [centre, width] = [mu[kernel] as number, sigma[kernel] as number];
    const mass = massWithin(low, high, centre, width);
    scale[kernel] = -0.5 / (width * width);
    constant[kernel] = -Math.log(mass * width) - 0.9189385332046727;
  }
  for (let point = 0; point < column.length; point += 1) {
    const x = log ? Math.log(column[point] as number) : (column[point] as number);
    const start = point * kernels;
    for (let kernel = 0; kernel < kernels; kernel += 1) {
      const distance = x - (mu[kernel] as number);
      logs[start + kernel] =
        (logs[start + kernel] as number) +
        (scale[kernel] as number) * distance * distance +
        (constant[kernel] as number);
    }
  }
}

/** Values repeat and so do curves: each pair is worked out once. */
function addMasses(
  logs: Float64Array,
  kernels: number,
  part: NormalPart,
  step: number,
  column: Float64Array,
): void {
  const { mu, sigma, low, high, log, curve, curves } = part;
  const scale = log ? Math.log : (value: number): number => value;
  const whole = Float64Array.from(curves, (kernel) =>
    Math.log(massWithin(low, high, mu[kernel] as number, sigma[kernel] as number)),
  );
  const known = new Map<number, Float64Array>();
  for (let point = 0; point < column.length; point += 1) {
    const value = column[point] as number;
    let masses = known.get(value);
    if (masses === undefined) {
      const left = scale(value - step / 2);
      const right = scale(value + step / 2);
      const found = new Float64Array(curves.length);
      curves.forEach((kernel, index) => {
        const [centre, width] = [mu[kernel] as number, sigma[kernel] as number];
        found[index] =
          logNormalMass((left - centre) / width, (right - centre) / width) - (whole[index] as number);
      });
      masses = found;
      known.set(value, masses);
    }
    for (let kernel = 0; kernel < kernels; kernel += 1) {
      logs[point * kernels + kernel] =
        (logs[point * kernels + kernel] as number) + (masses[curve[kernel] as number] as number);
    }
  }
}

function logSumExp(logs: Float64Array): number {
  let largest = -Infinity;
  for (const value of logs) if (value > largest) largest = value;
  if (largest === -Infinity) return largest;
  let sum = 0;
  // What is 40 below does not reach the last digit of the sum.
  for (const value of logs) if (value > largest - 40) sum += Math.exp(value - largest);
  return largest + Math.log(sum);
}
