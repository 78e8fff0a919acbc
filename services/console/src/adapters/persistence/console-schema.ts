import { type DatabaseSchema } from '@headrace/database';
import { LedgerEntryEntity } from './ledger-entry.entity.js';
import { CreateLedger1700000000001 } from './migrations/0001-create-ledger.js';

export const consoleSchema: DatabaseSchema = {
  name: 'console',
  entities: [LedgerEntryEntity],
  migrations: [CreateLedger1700000000001],
};
