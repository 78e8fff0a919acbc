import { status as grpcStatus } from '@grpc/grpc-js';
import { type ErrorKind } from '@headrace/kernel';

/** What each transport does with a kind of error. */
export interface ErrorTreatment {
  readonly httpStatus: number;
  readonly title: string;
  readonly grpcStatus: grpcStatus;
  /** `retry`: back off within bounds, then dead-letter. */
  readonly consumer: 'retry' | 'dead-letter';
}

/** The only place that says what an error means to a client or to a consumer. */
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
    title: 'Who asks is not known',
    grpcStatus: grpcStatus.UNAUTHENTICATED,
    consumer: 'dead-letter',
  },
  forbidden: {
    httpStatus: 403,
    title: 'Who asks may not do this',
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
    title: 'The state does not allow this',
    grpcStatus: grpcStatus.FAILED_PRECONDITION,
    consumer: 'dead-letter',
  },
  overloaded: {
    httpStatus: 429,
    title: 'Too much at once',
    grpcStatus: grpcStatus.RESOURCE_EXHAUSTED,
    consumer: 'retry',
  },
  unavailable: {
    httpStatus: 503,
    title: 'Not available now',
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

/** The kind of error that a status of another service stands for. */
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
