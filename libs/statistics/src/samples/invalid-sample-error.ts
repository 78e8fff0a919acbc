import { AppError } from '@headrace/kernel';

/** Thrown when samples cannot belong together or a parameter lies outside its range: a fault of the caller, not of the data. */
export class InvalidSampleError extends AppError {
  readonly code = 'STATISTICS_INVALID_SAMPLE';
  readonly kind = 'invalid';
}
