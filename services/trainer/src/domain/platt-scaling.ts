/** probability = 1 / (1 + exp(-(slope * margin + intercept))). */
export interface PlattScaling {
  readonly slope: number;
  readonly intercept: number;
}

/**
 * Fits Platt's scaling of margins to labels by Newton's method with backtracking.
 *
 * Targets are Platt's smoothed ones, (p + 1) / (p + 2) and 1 / (n + 2), so that a separable set gives a finite slope.
 * Undefined when it would not be a calibration: one class only, fewer than ten of one class, margins that are all
 * equal, or a slope that is not positive (it would turn the order of the rows around).
 *
 * @see Platt (1999); Lin, Lin & Weng (2007), A note on Platt's probabilistic outputs for support vector machines
 */
export function fitPlatt(labels: ArrayLike<number>, margins: ArrayLike<number>): PlattScaling | undefined {
  const rows = labels.length;
  let positives = 0;
  for (let row = 0; row < rows; row += 1) if (labels[row] === 1) positives += 1;
  const negatives = rows - positives;
  if (Math.min(positives, negatives) < 10) return undefined;
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (negatives + 2);
  const target = (row: number): number => (labels[row] === 1 ? high : low);
  const loss = (slope: number, intercept: number): number => {
    let sum = 0;
    for (let row = 0; row < rows; row += 1) {
      const margin = slope * (margins[row] ?? 0) + intercept;
      // log(1 + exp(margin)) - target * margin, without overflow on either side.
      sum += Math.max(margin, 0) + Math.log1p(Math.exp(-Math.abs(margin))) - target(row) * margin;
    }
    return sum;
  };
  let slope = 0;
  let intercept = Math.log((positives + 1) / (negatives + 1));
  let current = loss(slope, intercept);
  for (let iteration = 0; iteration < 100; iteration += 1) {
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-12, 0, 1e-12];
    for (let row = 0; row < rows; row += 1) {
      const margin = margins[row] ?? 0;
      const probability = 1 / (1 + Math.exp(-(slope * margin + intercept)));
      const error = probability - target(row);
      const weight = probability * (1 - probability);
      g0 += error * margin;
      g1 += error;
      h00 += weight * margin * margin;
      h01 += weight * margin;
      h11 += weight;
    }
    if (Math.abs(g0) < 1e-7 * rows && Math.abs(g1) < 1e-7 * rows) break;
    const determinant = h00 * h11 - h01 * h01;
    if (!(determinant > 1e-12 * h00 * h11)) return undefined;
    const stepSlope = -(h11 * g0 - h01 * g1) / determinant;
    const stepIntercept = -(h00 * g1 - h01 * g0) / determinant;
    const descent = g0 * stepSlope + g1 * stepIntercept;
    let size = 1;
    let next = loss(slope + size * stepSlope, intercept + size * stepIntercept);
    while (!(next <= current + 1e-4 * size * descent) && size > 1e-10) {
      size /= 2;
      next = loss(slope + size * stepSlope, intercept + size * stepIntercept);
    }
    if (size <= 1e-10) break;
    slope += size * stepSlope;
    intercept += size * stepIntercept;
    current = next;
  }
  return slope > 0 && Number.isFinite(intercept) ? { slope, intercept } : undefined;
}
