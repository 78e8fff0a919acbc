import { areFinitePairs } from '../samples/paired-samples.js';

/** Mean squared error. Undefined without rows or with a value that is not finite. */
export function mse(actual: ArrayLike<number>, predicted: ArrayLike<number>): number | undefined {
  return meanOver(actual, predicted, (error) => error * error);
}

/** Mean absolute error. Undefined without rows or with a value that is not finite. */
export function mae(actual: ArrayLike<number>, predicted: ArrayLike<number>): number | undefined {
  return meanOver(actual, predicted, Math.abs);
}

/** Mean of predicted - actual: positive where the forecast is too high. Undefined without rows or with a value that is not finite. */
export function forecastBias(actual: ArrayLike<number>, predicted: ArrayLike<number>): number | undefined {
  return meanOver(actual, predicted, (error) => error);
}

/**
 * Share of the variance that the prediction explains: 1 - SSE / SST; negative when the mean would do better.
 * Undefined when what happened never varies (scikit-learn then answers 0 or 1) or a value is not finite.
 */
export function r2(actual: ArrayLike<number>, predicted: ArrayLike<number>): number | undefined {
  if (!areFinitePairs(actual, predicted, 2)) return undefined;
  let mean = 0;
  for (let row = 0; row < actual.length; row += 1) mean += ((actual[row] as number) - mean) / (row + 1);
  let [residual, total] = [0, 0];
  for (let row = 0; row < actual.length; row += 1) {
    residual += ((actual[row] as number) - (predicted[row] as number)) ** 2;
    total += ((actual[row] as number) - mean) ** 2;
  }
  return total > 0 && Number.isFinite(residual / total) ? 1 - residual / total : undefined;
}

function meanOver(
  actual: ArrayLike<number>,
  predicted: ArrayLike<number>,
  of: (error: number) => number,
): number | undefined {
  if (!areFinitePairs(actual, predicted)) return undefined;
  let sum = 0;
  for (let row = 0; row < actual.length; row += 1) {
    sum += of((predicted[row] as number) - (actual[row] as number));
  }
  const mean = sum / actual.length;
  return Number.isFinite(mean) ? mean : undefined;
}
