import { AppError } from '@headrace/kernel';

/** Sequences, or settings, that no network can be trained with. The message says which and what to change. */
export class SequencesUnfitError extends AppError {
  readonly code = 'TRAINER_SEQUENCES_UNFIT';
  readonly kind = 'invalid';
}
