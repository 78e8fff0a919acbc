import { logNormalMass, massWithin } from './normal-distribution.js';

/**
 * The density over the bins of a grid that some counts suggest: one kernel for every bin that is not empty,
 * weighted by its count, and a prior of weight 1 over all bins.
 *
 * Numbers: the mass that a normal around the bin leaves in each bin. All kernels share Scott's sigma for weighted
 * values, 1.059 * min(IQR / 1.34, standard deviation) * count^(-1/5), but at least such that 90 % stay in their bin;
 * the prior sits in the middle with the number of bins as sigma. Choices: as in `fitParzen`.
 *
 * @see Scott (1992), Multivariate density estimation
 */
export function densityOnGrid(isNumeric: boolean, counts: Float64Array): Float64Array {
  const bins = counts.length;
  const seen = [...counts.keys()].filter((bin) => (counts[bin] as number) > 0);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const density = new Float64Array(bins);
  const add = (weight: number, massOf: (bin: number) => number): void => {
    for (let bin = 0; bin < bins; bin += 1) {
      density[bin] = (density[bin] as number) + (weight / (total + 1)) * massOf(bin);
    }
  };
  if (isNumeric) {
    const sigma = Math.max(0.5 / 1.64, scottSigma(counts, seen, total));
    for (const bin of seen) add(counts[bin] as number, normalOnGrid(bin, sigma, bins));
    add(1, normalOnGrid((bins - 1) / 2, bins, bins));
  } else {
    const smoothing = 1 / (seen.length + 1);
    const sum = 1 + bins * smoothing;
    for (const bin of seen) {
      add(counts[bin] as number, (other) => ((other === bin ? 1 : 0) + smoothing) / sum);
    }
    add(1, () => 1 / bins);
  }
  return density;
}

function normalOnGrid(centre: number, sigma: number, bins: number): (bin: number) => number {
  const whole = massWithin(-0.5, bins - 0.5, centre, sigma);
  return (bin) => Math.exp(logNormalMass((bin - 0.5 - centre) / sigma, (bin + 0.5 - centre) / sigma)) / whole;
}

function scottSigma(counts: Float64Array, seen: readonly number[], total: number): number {
  const mean = seen.reduce((sum, bin) => sum + bin * (counts[bin] as number), 0) / total;
  const squares = seen.reduce((sum, bin) => sum + (counts[bin] as number) * (bin - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / Math.max(1, total - 1));
  const reached: number[] = [];
  seen.forEach((bin, index) => reached.push((reached[index - 1] ?? 0) + (counts[bin] as number)));
  const quarter = reached.findIndex((count) => count >= Math.floor(total / 4));
  const threeQuarters = reached.findIndex((count) => count > Math.floor((total * 3) / 4));
  const upper = seen[threeQuarters < 0 ? seen.length - 1 : threeQuarters] ?? 0;
  const range = upper - (seen[quarter] ?? 0);
  return 1.059 * Math.min(range / 1.34, deviation) * total ** -0.2;
}
