export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled from the gradient (AdamW); 0 is plain Adam. */
  readonly weightDecay: number;
}

export const adamDefaults: AdamSettings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

/** First and second moment of each parameter, and how many steps were taken. */
export interface AdamSlots {
  readonly steps: number;
  readonly first: readonly Float32Array[];
  readonly second: readonly Float32Array[];
}

export function startAdam(parameters: readonly Float32Array[]): AdamSlots {
  const zeros = (): Float32Array[] => parameters.map((values) => new Float32Array(values.length));
  return { steps: 0, first: zeros(), second: zeros() };
}

/**
 * One step of Adam, in place in `parameters` and the slots; answers the slots with their count moved on.
 *
 *   m <- b1 m + (1 - b1) g        v <- b2 v + (1 - b2) g^2
 *   w <- w - rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps) - rate decay w
 *
 * Computed in double, kept in float32: the same gradients give the same bits on one version of Node. Where a mask is 0 the
 * parameter becomes 0 and its moments with it; where there is none, all are free. Decay is left to arrays listed in
 * `decayed`, because a bias has no reason to be small.
 *
 * @see Kingma, Ba (2015), Adam; Loshchilov, Hutter (2019), Decoupled Weight Decay Regularization
 */
export function stepAdam(
  parameters: readonly Float32Array[],
  gradients: readonly Float64Array[],
  slots: AdamSlots,
  rate: number,
  { beta1, beta2, epsilon, weightDecay }: AdamSettings,
  masks?: readonly (Uint8Array | undefined)[],
  decayed?: readonly (Uint8Array | undefined)[],
): AdamSlots {
  const steps = slots.steps + 1;
  const firstCorrection = 1 - beta1 ** steps;
  const secondCorrection = 1 - beta2 ** steps;
  for (const [index, values] of parameters.entries()) {
    const gradient = gradients[index] as Float64Array;
    const first = slots.first[index] as Float32Array;
    const second = slots.second[index] as Float32Array;
    const mask = masks?.[index];
    const decays = decayed?.[index];
    for (let at = 0; at < values.length; at += 1) {
      if (mask?.[at] === 0) {
        values[at] = 0;
        continue;
      }
      const slope = gradient[at] as number;
      const moment = beta1 * (first[at] as number) + (1 - beta1) * slope;
      const square = beta2 * (second[at] as number) + (1 - beta2) * slope * slope;
      first[at] = moment;
      second[at] = square;
      const value = values[at] as number;
      const decay = decays?.[at] === 1 ? weightDecay * value : 0;
      values[at] =
        value - rate * (moment / firstCorrection / (Math.sqrt(square / secondCorrection) + epsilon) + decay);
    }
  }
  return { ...slots, steps };
}
