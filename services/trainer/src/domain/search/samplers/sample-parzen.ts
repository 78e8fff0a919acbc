import { type Random } from '@headrace/kernel';
import { normalQuantile } from '@headrace/statistics';
import { normalCdf } from './normal-distribution.js';
import { type NormalPart, type ParzenEstimator } from './parzen-estimator.js';
import { snap } from '../space/search-space.js';

/** Points drawn from the estimator: one column a parameter, as positions. */
export function sampleParzen(
  { weights, parts }: ParzenEstimator,
  count: number,
  random: Random,
): Float64Array[] {
  const rows = Int32Array.from({ length: count }, () => drawIndex(weights, 0, weights.length, random.next()));
  return parts.map((part) =>
    Float64Array.from(rows, (row) =>
      part.kind === 'categorical'
        ? drawIndex(part.chances, row * part.choices, part.choices, random.next())
        : drawNormal(part, row, random.next()),
    ),
  );
}

/** The index whose share of the stretch holds `share`; rounding at the end goes to the last. */
function drawIndex(chances: Float64Array, start: number, length: number, share: number): number {
  let sum = 0;
  for (let index = 0; index < length - 1; index += 1) {
    sum += chances[start + index] ?? 0;
    if (share < sum) return index;
  }
  return length - 1;
}

function drawNormal(
  { mu, sigma, low, high, log, parameter }: NormalPart,
  row: number,
  share: number,
): number {
  const centre = mu[row] ?? 0;
  const width = sigma[row] ?? 1;
  const below = normalCdf((low - centre) / width);
  const above = normalCdf((centre - high) / width);
  const inside = 1 - below - above;
  const left = below + share * inside;
  // From the side that keeps its digits.
  const z = left < 0.5 ? normalQuantile(left) : -normalQuantile(above + (1 - share) * inside);
  const drawn = Math.min(high, Math.max(low, centre + width * z));
  return snap(parameter, log ? Math.exp(drawn) : drawn);
}
