/** The newest trials that count fully. */
const flat = 25;

/** Weights of `count` points, oldest first: 1 for the newest 25, a ramp from 1 / count up to 1 for those before. */
export function recencyWeights(count: number): Float64Array {
  const ramp = count - flat;
  return new Float64Array(Math.max(0, count)).map((_, index) => {
    if (index >= ramp) return 1;
    return ramp === 1 ? 1 / count : 1 / count + (index * (1 - 1 / count)) / (ramp - 1);
  });
}
