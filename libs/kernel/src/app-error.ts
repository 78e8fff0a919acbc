/** What went wrong, in a vocabulary that every transport can translate. */
export type ErrorKind =
  | 'invalid'
  | 'too-large'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'overloaded'
  | 'unavailable'
  | 'unsupported'
  | 'internal';

/** Base of every error we throw on purpose. Transports translate `kind`; they never inspect messages. */
export abstract class AppError extends Error {
  abstract readonly code: string;
  abstract readonly kind: ErrorKind;

  override get name(): string {
    return this.constructor.name;
  }

  /** Retrying the same input may succeed. Drives consumer backoff and the circuit breaker. */
  get retryable(): boolean {
    return this.kind === 'unavailable' || this.kind === 'overloaded';
  }
}

/** Recognises an AppError by its shape, so that two copies of this package in one process still understand each other. */
export function isAppError(error: unknown): error is AppError {
  return error instanceof Error && 'code' in error && 'kind' in error && 'retryable' in error;
}

/** The message of whatever was thrown, with the messages of its causes. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describeError(error.cause)}`;
}
