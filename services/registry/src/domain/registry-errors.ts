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

/** A value that the request brings is not acceptable. */
export class InvalidValueError extends AppError {
  readonly code = 'REGISTRY_INVALID_VALUE';
  readonly kind = 'invalid';
}

/** The request is well formed and the state of what it speaks of forbids it. */
export class InvalidStateError extends AppError {
  readonly code = 'REGISTRY_STATE_FORBIDS';
  readonly kind = 'conflict';
}
