import { AppError } from '@headrace/kernel';

export { championAlias } from '@headrace/contracts';

/** What decides whether a version may serve. */
export interface Candidate {
  readonly modelName: string;
  readonly version: number;
  readonly validated: boolean;
  readonly unstable: boolean;
  readonly onnx: boolean;
}

export class ChampionRefusedError extends AppError {
  readonly code = 'REGISTRY_CHAMPION_REFUSED';
  readonly kind = 'conflict';

  constructor(candidate: Candidate, reason: string) {
    super(`Version ${candidate.version} of ${candidate.modelName} cannot become champion: ${reason}`);
  }
}

/**
 * A version becomes champion if it is an ONNX model, its validation passed, and it is stable. An unstable version needs a
 * new rollout that promotes it; a request through the API does not suffice.
 */
export function assertCanBecomeChampion(candidate: Candidate, by: 'rollout' | 'request'): void {
  if (!candidate.onnx) throw new ChampionRefusedError(candidate, 'it has no ONNX file that could be served');
  if (!candidate.validated) {
    throw new ChampionRefusedError(candidate, 'its validation did not pass; train again or correct the plan');
  }
  if (candidate.unstable && by === 'request') {
    throw new ChampionRefusedError(
      candidate,
      'it was rolled back and is marked unstable; start a new rollout for it',
    );
  }
}
