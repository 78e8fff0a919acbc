import { type DatabaseSchema } from '@headrace/database';
import { AlertEntity } from './alert.entity.js';
import { CreateAlerts1700000000001 } from './migrations/0001-create-alerts.js';
import { CountFailedAttempts1700000000002 } from './migrations/0002-count-failed-attempts.js';
import { NotificationGroupEntity } from './notification-group.entity.js';
import { SilenceEntity } from './silence.entity.js';

export const alertingSchema: DatabaseSchema = {
  name: 'alerting',
  entities: [AlertEntity, SilenceEntity, NotificationGroupEntity],
  migrations: [CreateAlerts1700000000001, CountFailedAttempts1700000000002],
};
