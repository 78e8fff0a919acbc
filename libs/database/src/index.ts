export { Database, type DatabaseSchema, type Transaction } from './database.js';
export { DatabaseConflictError } from './database-errors.js';
export { openDatabase, type DatabaseLocation, type OpenDatabaseOptions } from './open-database.js';
export { openPglite, PgliteServer } from './pglite/open-pglite.js';
export { type TypeormDatabase } from './typeorm-database.js';
