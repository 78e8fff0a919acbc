import { AppError } from '@headrace/kernel';

export type RegistryResource = 'experiment' | 'run' | 'model' | 'version' | 'alias' | 'artifact';

export class NotFoundError extends AppError {
  readonly kind = 'not-found';
  readonly code: string;

  constructor(what: RegistryResource, id: string) {
    super(`There is no ${what} ${JSON.stringify(id)}`);
    this.code = `REGISTRY_${what.toUpperCase()}_NOT_FOUND`;
  }
}

export class AlreadyExistsError extends AppError {
  readonly kind = 'conflict';
  readonly code: string;

  constructor(what: RegistryResource, id: string) {
    super(`The ${what} ${JSON.stringify(id)} exists already; choose another name`);
    this.code = `REGISTRY_${what.toUpperCase()}_EXISTS`;
  }
}

/** A value of the request is not acceptable. */
export class InvalidValueError extends AppError {
  readonly code = 'REGISTRY_INVALID_VALUE';
  readonly kind = 'invalid';
}

/** The request is well formed, but the state of its target does not allow it. */
export class InvalidStateError extends AppError {
  readonly code = 'REGISTRY_STATE_FORBIDS';
  readonly kind = 'conflict';
}

export class ArtifactTooLargeError extends AppError {
  readonly code = 'REGISTRY_ARTIFACT_TOO_LARGE';
  readonly kind = 'too-large';

  constructor(limit: number) {
    super(`The artifact is larger than ${limit} bytes; raise REGISTRY_MAX_ARTIFACT_BYTES or upload less`);
  }
}

/** The stored bytes do not have the digest that they were stored under. */
export class ArtifactDamagedError extends AppError {
  readonly code = 'REGISTRY_ARTIFACT_DAMAGED';
  readonly kind = 'internal';
}
