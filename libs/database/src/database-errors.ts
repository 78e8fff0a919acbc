import { AppError } from '@headrace/kernel';
import { QueryFailedError } from 'typeorm';

/** The database did not answer, or ended the connection; the same work may succeed later. */
export class DatabaseUnavailableError extends AppError {
  readonly code = 'DATABASE_UNAVAILABLE';
  readonly kind = 'unavailable';

  constructor(
    readonly where: string,
    cause: unknown,
  ) {
    super(`The database at ${where} cannot be reached; check that it runs and accepts this user`, { cause });
  }
}

/** Two transactions wanted the same rows and this one was chosen to give way. */
export class TransactionAbortedError extends AppError {
  readonly code = 'DATABASE_TRANSACTION_ABORTED';
  readonly kind = 'unavailable';

  constructor(
    readonly sqlState: string,
    cause: unknown,
  ) {
    super(`The database ended this transaction in favour of another (SQLSTATE ${sqlState}); run it again`, {
      cause,
    });
  }
}

/** A unique or foreign key forbids the change. */
export class DatabaseConflictError extends AppError {
  readonly code = 'DATABASE_CONFLICT';
  readonly kind = 'conflict';

  constructor(
    /** Name of the constraint, for callers that know what it means. */
    readonly constraint: string | undefined,
    readonly sqlState: string,
    detail: string,
    cause: unknown,
  ) {
    super(`The change violates ${constraint ?? 'a key'}: ${detail}`, { cause });
  }
}

/** A statement was sent past the transaction that is open around it, which on PGlite would wait for ever. */
export class TransactionMisusedError extends AppError {
  readonly code = 'DATABASE_TRANSACTION_MISUSED';
  readonly kind = 'internal';
}

/** The stored tables were made by a newer release than this one. */
export class DatabaseTooNewError extends AppError {
  readonly code = 'DATABASE_TOO_NEW';
  readonly kind = 'unsupported';
}

interface DriverError {
  readonly code?: unknown;
  readonly constraint?: unknown;
  readonly detail?: unknown;
  readonly message: string;
}

const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENOENT',
]);
const connectionMessages =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|not queryable|cannot use a pool after/i;

/** Translates what the driver threw; what has no better name passes unchanged. */
export function translateDatabaseError(error: unknown, where: string): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const driver: DriverError = error instanceof QueryFailedError ? (error.driverError as DriverError) : error;
  const code = typeof driver.code === 'string' ? driver.code : '';
  if (code === '23505' || code === '23503') {
    const constraint = typeof driver.constraint === 'string' ? driver.constraint : undefined;
    const detail = typeof driver.detail === 'string' ? driver.detail : driver.message;
    return new DatabaseConflictError(constraint, code, detail, error);
  }
  if (code === '40001' || code === '40P01' || code === '55P03') {
    return new TransactionAbortedError(code, error);
  }
  // Class 08: connection exception; 57P0x: shutdown or start of the server; 53300: too many connections.
  // TypeORM releases a runner whose connection broke, and then complains of that instead of the connection.
  if (error.name === 'QueryRunnerAlreadyReleasedError') return new DatabaseUnavailableError(where, error);
  if (
    connectionCodes.has(code) ||
    /^08|^57P0|^53300$/.test(code) ||
    connectionMessages.test(driver.message)
  ) {
    return new DatabaseUnavailableError(where, error);
  }
  return error;
}
