import { type DatabaseSchema } from '@headrace/database';
import { DeliveryEntity, RolloutEntity } from './delivery-entities.js';
import { CreateDeliveries } from './migrations/0001-create-deliveries.js';

export const canarySchema: DatabaseSchema = {
  name: 'canary_controller',
  entities: [DeliveryEntity, RolloutEntity],
  migrations: [CreateDeliveries],
};
