/** Euclidean norm over all arrays together, in double precision. */
export function globalNorm(gradients: readonly ArrayLike<number>[]): number {
  let squares = 0;
  for (const gradient of gradients) {
    for (let index = 0; index < gradient.length; index += 1) squares += (gradient[index] as number) ** 2;
  }
  return Math.sqrt(squares);
}

/**
 * The factor that brings a gradient of this norm down to `maxNorm`; 1 for one that is short enough, so that its direction
 * never changes. A norm that is not finite has no such factor: `undefined`, and the step must not be taken.
 *
 * @see Pascanu, Mikolov, Bengio (2013), On the difficulty of training recurrent neural networks, algorithm 1
 */
export function clipFactor(norm: number, maxNorm: number): number | undefined {
  if (!Number.isFinite(norm)) return undefined;
  return norm <= maxNorm ? 1 : maxNorm / norm;
}
