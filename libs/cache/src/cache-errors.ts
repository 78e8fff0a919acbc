import { AppError, type ErrorKind } from '@headrace/kernel';

/** The store cannot be reached or cannot write now; the same call may succeed later. */
export class CacheUnavailableError extends AppError {
  readonly code = 'CACHE_UNAVAILABLE';
  readonly kind = 'unavailable';
}

/** The store answered, and refused for good: wrong credentials, a key of another type, a forbidden command. */
export class CacheRefusedError extends AppError {
  readonly code = 'CACHE_REFUSED';
  readonly kind: ErrorKind = 'internal';
}

/** A write that no adapter may accept. */
export class InvalidCacheWriteError extends AppError {
  readonly code = 'CACHE_WRITE_INVALID';
  readonly kind = 'invalid';
}

export class CacheClosedError extends AppError {
  readonly code = 'CACHE_CLOSED';
  readonly kind = 'internal';

  constructor() {
    super('The cache is closed');
  }
}

/** The directory holds what this cache never wrote, or only a part of it. */
export class CacheCorruptError extends AppError {
  readonly code = 'CACHE_DATA_CORRUPT';
  readonly kind = 'internal';
}

/** The directory was written by another version of the format. */
export class CacheFormatUnsupportedError extends AppError {
  readonly code = 'CACHE_DATA_FORMAT_UNSUPPORTED';
  readonly kind = 'unsupported';
}

export class CacheDriverUnknownError extends AppError {
  readonly code = 'CACHE_DRIVER_UNKNOWN';
  readonly kind = 'invalid';

  constructor(readonly driver: string) {
    super(`Cache driver ${JSON.stringify(driver)} does not exist; use embedded or redis`);
  }
}
