import { AppError } from '@headrace/kernel';

/** Thrown when samples do not match each other or a parameter is out of range: an error of the caller, not of the data. */
export class InvalidSampleError extends AppError {
  readonly code = 'STATISTICS_INVALID_SAMPLE';
  readonly kind = 'invalid';
}
