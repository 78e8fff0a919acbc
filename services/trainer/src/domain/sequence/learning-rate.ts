export interface LearningRatePolicy {
  readonly peak: number;
  /** Steps of the optimiser over which the rate rises to its peak in a straight line; 0 starts at the peak. */
  readonly warmUpSteps: number;
  /** Share of the peak, 0..1, at which a half cosine ends; 1 keeps the rate at its peak. */
  readonly finalShare: number;
}

/**
 * The learning rate of a step (from 0) of a training of `totalSteps`: warm-up to the peak, then half a cosine down to
 * `finalShare` of it, reached with the last step. Steps beyond the last keep its rate.
 *
 *   rate = peak (f + (1 - f) (1 + cos(pi p)) / 2),  p = (step - warmUp) / (total - 1 - warmUp)
 *
 * @see Loshchilov, Hutter (2017), SGDR: Stochastic Gradient Descent with Warm Restarts (without the restarts)
 */
export function learningRateAt(
  step: number,
  totalSteps: number,
  { peak, warmUpSteps, finalShare }: LearningRatePolicy,
): number {
  if (step < warmUpSteps) return (peak * (step + 1)) / warmUpSteps;
  const span = totalSteps - 1 - warmUpSteps;
  const progress = span <= 0 ? 1 : Math.min(1, (step - warmUpSteps) / span);
  return peak * (finalShare + ((1 - finalShare) * (1 + Math.cos(Math.PI * progress))) / 2);
}
