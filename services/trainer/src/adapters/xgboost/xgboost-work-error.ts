import { AppError, type ErrorKind } from '@headrace/kernel';

/** An error of another thread or process, with the code and the kind that it had there. */
export class XgboostWorkError extends AppError {
  constructor(
    readonly code: string,
    readonly kind: ErrorKind,
    message: string,
    readonly trace: string | undefined,
  ) {
    super(message);
  }
}
