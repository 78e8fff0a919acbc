import { AppError } from '@headrace/kernel';

export const championAlias = 'champion';

/** What speaks for and against a version that shall serve. */
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
 * Refuses a champion that has not earned it. A rollout that promoted an unstable version is the new decision that such
 * a version needs; a person's request through the API is not.
 */
export function assertCanBecomeChampion(candidate: Candidate, decision: 'rollout' | 'request'): void {
  if (!candidate.onnx) throw new ChampionRefusedError(candidate, 'it has no ONNX file that could be served');
  if (!candidate.validated) {
    throw new ChampionRefusedError(candidate, 'its validation did not pass; train again or correct the plan');
  }
  if (candidate.unstable && decision === 'request') {
    throw new ChampionRefusedError(
      candidate,
      'it was rolled back and is marked unstable; start a rollout to prove it anew',
    );
  }
}
