import { InvalidSampleError } from './invalid-sample-error.js';

const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

/** ln of the gamma function for x > 0, to about 1e-14 relative. @see Lanczos (1964), g = 7, n = 9 */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x - 1;
  let series = 0.9999999999998099;
  for (let index = 0; index < LANCZOS.length; index += 1) {
    series += (LANCZOS[index] as number) / (shifted + index + 1);
  }
  const base = shifted + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(series);
}

/** ln of the beta function for a, b > 0. */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** Q(a, x), the upper tail of the gamma distribution: series below a + 1, continued fraction (Lentz) above. */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  if (x === Infinity) return 0;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 10_000 && Math.abs(term) > Math.abs(sum) * 1e-16; n += 1) {
      term *= x / (a + n);
      sum += term;
    }
    return Math.max(0, 1 - sum * front);
  }
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < 10_000; n += 1) {
    const numerator = -n * (n - a);
    b += 2;
    d = 1 / (numerator * d + b || 1e-300);
    c = b + numerator / c || 1e-300;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return fraction * front;
}

/** The chance that a chi-square variable exceeds `value`. */
export function chiSquareTail(value: number, degreesOfFreedom: number): number {
  assertNumber(value);
  if (!(degreesOfFreedom >= 1 && degreesOfFreedom <= 1e6)) {
    throw new InvalidSampleError(`Degrees of freedom lie between 1 and 1e6, got ${degreesOfFreedom}`);
  }
  return upperGamma(degreesOfFreedom / 2, value / 2);
}

/** The chance that a standard normal variable exceeds `z`, accurate in the far tail. */
export function normalTail(z: number): number {
  assertNumber(z);
  const tail = upperGamma(0.5, (z * z) / 2) / 2;
  return z >= 0 ? tail : 1 - tail;
}

/**
 * The z below which a standard normal variable stays with this probability, 0 < probability < 1.
 * Acklam's rational approximation and one step of Halley on the tail above: about 1e-15.
 */
export function normalQuantile(probability: number): number {
  assertNumber(probability);
  if (probability <= 0) return -Infinity;
  if (probability >= 1) return Infinity;
  if (probability > 0.5) return -normalQuantile(1 - probability);
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
    2.506628277459239,
  ] as const;
  const b = [
    -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572,
  ] as const;
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ] as const;
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416] as const;
  const start = (): number => {
    if (probability < 0.02425) {
      const q = Math.sqrt(-2 * Math.log(probability));
      return (
        (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
        ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1)
      );
    }
    const q = probability - 0.5;
    const r = q * q;
    return (
      ((((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q) /
      (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1)
    );
  };
  const z = start();
  const error = normalTail(-z) - probability;
  const step = error * Math.sqrt(2 * Math.PI) * Math.exp((z * z) / 2);
  // Beyond 37 deviations the density is out of range; the start is then good to nine digits.
  return Number.isFinite(step) ? z - step / (1 + (z * step) / 2) : z;
}

/** The chance that Kolmogorov's limiting variable exceeds `x`: 2 * sum of (-1)^(k-1) exp(-2 k^2 x^2), or its theta form for small x. */
export function kolmogorovTail(x: number): number {
  assertNumber(x);
  if (x <= 0) return 1;
  if (x < 1.18) {
    const factor = Math.exp((-Math.PI * Math.PI) / (8 * x * x));
    if (factor === 0) return 1;
    const sum = factor + factor ** 9 + factor ** 25 + factor ** 49;
    return Math.min(1, Math.max(0, 1 - (Math.sqrt(2 * Math.PI) / x) * sum));
  }
  const factor = Math.exp(-2 * x * x);
  return Math.min(1, Math.max(0, 2 * (factor - factor ** 4 + factor ** 9 - factor ** 16)));
}

function assertNumber(value: number): void {
  if (value !== value) throw new InvalidSampleError('NaN has no tail and no quantile');
}
