import { type DatabaseSchema } from '@headrace/database';
import { CreateDrift1700000000001 } from './migrations/0001-create-drift.js';

export const driftSchema: DatabaseSchema = {
  name: 'drift',
  entities: [],
  migrations: [CreateDrift1700000000001],
};
