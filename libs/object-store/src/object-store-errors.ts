import { AppError } from '@headrace/kernel';

export class ObjectNotFoundError extends AppError {
  readonly code = 'OBJECT_NOT_FOUND';
  readonly kind = 'not-found';

  constructor(readonly key: string) {
    super(`Object ${key} does not exist`);
  }
}

/** The bytes are not those that were stored; they are not given out. */
export class ObjectCorruptError extends AppError {
  readonly code = 'OBJECT_CORRUPT';
  readonly kind = 'internal';

  constructor(
    readonly key: string,
    why: string,
  ) {
    super(`Object ${key} is damaged: ${why}`);
  }
}

export class ObjectExistsError extends AppError {
  readonly code = 'OBJECT_EXISTS';
  readonly kind = 'conflict';

  constructor(readonly key: string) {
    super(`Object ${key} exists already`);
  }
}

/** A key that is not a relative path of allowed segments. */
export class InvalidObjectKeyError extends AppError {
  readonly code = 'OBJECT_KEY_INVALID';
  readonly kind = 'invalid';

  constructor(readonly key: string) {
    super(
      `${JSON.stringify(key.slice(0, 120))} is not an object key; keys are relative paths of letters, digits and ._-=/ without empty, . or .. segments`,
    );
  }
}

/** Object `a` and objects below `a/` cannot both be files. */
export class ObjectKeyConflictError extends AppError {
  readonly code = 'OBJECT_KEY_CONFLICT';
  readonly kind = 'conflict';

  constructor(readonly key: string) {
    super(
      `Object ${key} cannot be stored: an object has a part of this key as its own, or objects lie below it`,
    );
  }
}

export class ObjectStoreUnavailableError extends AppError {
  readonly code = 'OBJECT_STORE_UNAVAILABLE';
  readonly kind = 'unavailable';
}

/** The store answered, and refused for good: wrong credentials, no such bucket. */
export class ObjectStoreRefusedError extends AppError {
  readonly code = 'OBJECT_STORE_REFUSED';
  readonly kind = 'internal';
}

export class ObjectStoreClosedError extends AppError {
  readonly code = 'OBJECT_STORE_CLOSED';
  readonly kind = 'internal';

  constructor() {
    super('The object store is closed');
  }
}

/** The directory is not an object store of this format. */
export class ObjectStoreFormatUnsupportedError extends AppError {
  readonly code = 'OBJECT_STORE_FORMAT_UNSUPPORTED';
  readonly kind = 'unsupported';
}

export class ObjectStoreConfigError extends AppError {
  readonly code = 'OBJECT_STORE_CONFIG_INVALID';
  readonly kind = 'invalid';
}
