import { isAppError, type ErrorKind } from '@headrace/kernel';
import { errorTable, toErrorKind } from './error-table.js';

/** RFC 9457 problem details; `code` is the stable name of the error. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  /** Seconds after which a repeat makes sense; also in `Retry-After`. */
  readonly retryAfter?: number;
  readonly errors?: readonly FieldError[];
}

/** The part of a request that is invalid, as a JSON pointer, and why. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

const defaultRetryAfterSeconds = 1;

/** What a client may see of an error. Unexpected errors reveal no details. */
export function toProblemDetails(error: unknown): ProblemDetails {
  if (isAppError(error)) {
    const isPublic = error.kind !== 'internal';
    return buildProblem(error.kind, errorTable[error.kind].httpStatus, error.code, {
      detail: isPublic ? error.message : undefined,
      retryAfter: findRetryAfter(error, error.kind),
      errors: isPublic && 'errors' in error ? toFieldErrors(error.errors) : undefined,
    });
  }
  if (isTimeout(error)) {
    return buildProblem('unavailable', 503, 'HOST_ANSWER_TOO_LATE', {
      detail: 'The request timed out; a dependency may be unavailable, send the request again',
      retryAfter: defaultRetryAfterSeconds,
    });
  }
  // Fastify and Nest's HTTP layer mark errors of the client by their status.
  const status = findClientStatus(error);
  if (status !== undefined && error instanceof Error) {
    const kind = toErrorKind(status);
    const code = 'code' in error && typeof error.code === 'string' ? error.code : `HTTP_${status}`;
    return buildProblem(kind, status, code, {
      detail: error.message,
      retryAfter: findRetryAfter(error, kind),
    });
  }
  return buildProblem('internal', 500, 'INTERNAL', {});
}

function buildProblem(
  kind: ErrorKind,
  status: number,
  code: string,
  more: {
    detail?: string | undefined;
    retryAfter?: number | undefined;
    errors?: readonly FieldError[] | undefined;
  },
): ProblemDetails {
  return {
    type: 'about:blank',
    title: errorTable[kind].title,
    status,
    code,
    ...(more.detail === undefined ? {} : { detail: more.detail }),
    ...(more.retryAfter === undefined ? {} : { retryAfter: more.retryAfter }),
    ...(more.errors === undefined ? {} : { errors: more.errors }),
  };
}

function findRetryAfter(error: object, kind: ErrorKind): number | undefined {
  if (kind !== 'overloaded' && kind !== 'unavailable') return undefined;
  const given = 'retryAfterSeconds' in error ? error.retryAfterSeconds : undefined;
  return typeof given === 'number' && given > 0 ? Math.ceil(given) : defaultRetryAfterSeconds;
}

function toFieldErrors(value: unknown): readonly FieldError[] | undefined {
  return Array.isArray(value) ? (value as readonly FieldError[]) : undefined;
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'FST_ERR_HANDLER_TIMEOUT';
}

function findClientStatus(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const own =
    'statusCode' in error
      ? error.statusCode
      : 'getStatus' in error && typeof error.getStatus === 'function'
        ? (error.getStatus as () => unknown)()
        : undefined;
  return typeof own === 'number' && own >= 400 && own < 500 ? own : undefined;
}
