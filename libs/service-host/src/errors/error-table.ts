import { status as grpcStatus } from '@grpc/grpc-js';
import { type ErrorKind } from '@headrace/kernel';

/** How each transport treats a kind of error. */
export interface ErrorTreatment {
  readonly httpStatus: number;
  readonly title: string;
  readonly grpcStatus: grpcStatus;
  /** `retry`: back off within bounds, then dead-letter. */
  readonly consumer: 'retry' | 'dead-letter';
}

/** The only place that decides what an error means to a client or a consumer. */
export const errorTable: Readonly<Record<ErrorKind, ErrorTreatment>> = {
  invalid: {
    httpStatus: 400,
    title: 'The request is not valid',
    grpcStatus: grpcStatus.INVALID_ARGUMENT,
    consumer: 'dead-letter',
  },
  'too-large': {
    httpStatus: 413,
    title: 'The request is too large',
    grpcStatus: grpcStatus.RESOURCE_EXHAUSTED,
    consumer: 'dead-letter',
  },
  unauthenticated: {
    httpStatus: 401,
    title: 'The caller is not authenticated',
    grpcStatus: grpcStatus.UNAUTHENTICATED,
    consumer: 'dead-letter',
  },
  forbidden: {
    httpStatus: 403,
    title: 'The caller is not allowed to do this',
    grpcStatus: grpcStatus.PERMISSION_DENIED,
    consumer: 'dead-letter',
  },
  'not-found': {
    httpStatus: 404,
    title: 'Not found',
    grpcStatus: grpcStatus.NOT_FOUND,
    consumer: 'dead-letter',
  },
  conflict: {
    httpStatus: 409,
    title: 'The current state does not allow this',
    grpcStatus: grpcStatus.FAILED_PRECONDITION,
    consumer: 'dead-letter',
  },
  overloaded: {
    httpStatus: 429,
    title: 'Too many requests',
    grpcStatus: grpcStatus.RESOURCE_EXHAUSTED,
    consumer: 'retry',
  },
  unavailable: {
    httpStatus: 503,
    title: 'Temporarily unavailable',
    grpcStatus: grpcStatus.UNAVAILABLE,
    consumer: 'retry',
  },
  unsupported: {
    httpStatus: 422,
    title: 'Not supported',
    grpcStatus: grpcStatus.UNIMPLEMENTED,
    consumer: 'dead-letter',
  },
  internal: {
    httpStatus: 500,
    title: 'Internal error',
    grpcStatus: grpcStatus.INTERNAL,
    consumer: 'dead-letter',
  },
};

/** The kind of error that an HTTP status of another service stands for. */
export function toErrorKind(status: number): ErrorKind {
  switch (status) {
    case 401:
      return 'unauthenticated';
    case 403:
      return 'forbidden';
    case 404:
      return 'not-found';
    case 409:
    case 412:
      return 'conflict';
    case 413:
      return 'too-large';
    case 415:
    case 422:
    case 501:
      return 'unsupported';
    case 408:
    case 502:
    case 503:
    case 504:
      return 'unavailable';
    case 429:
      return 'overloaded';
    default:
      return status >= 400 && status < 500 ? 'invalid' : 'internal';
  }
}
