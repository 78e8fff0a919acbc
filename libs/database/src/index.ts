export { Database, type DatabaseSchema, type Transaction } from './database.js';
export {
  DatabaseConflictError,
  DatabaseTooNewError,
  DatabaseUnavailableError,
  TransactionAbortedError,
  TransactionMisusedError,
} from './database-errors.js';
export {
  openDatabase,
  OutboxRelayError,
  revertMigrations,
  type DatabaseLocation,
  type OpenDatabaseOptions,
} from './open-database.js';
export { openPglite, PgliteOpenError, PgliteServer } from './pglite/open-pglite.js';
export { type TypeormDatabase } from './typeorm-database.js';
