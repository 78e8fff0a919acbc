import { type Database } from '@headrace/database';
import { IsNull } from 'typeorm';
import { AlertRepository, type AlertWork } from '../../application/ports.js';
import { type Alert } from '../../domain/alert.js';
import { AlertEntity } from './alert.entity.js';

export class TypeormAlertRepository extends AlertRepository {
  constructor(private readonly database: Database) {
    super();
  }

  change<T>(work: (alerts: AlertWork) => Promise<T>): Promise<T> {
    return this.database.transaction((transaction) => {
      const { manager } = transaction;
      return work({
        open: async (fingerprint) =>
          (
            await manager.find(AlertEntity, {
              where: { endsAt: IsNull(), ...(fingerprint === undefined ? {} : { fingerprint }) },
              order: { startsAt: 'ASC' },
              lock: { mode: 'pessimistic_write' },
            })
          ).map(alertOf),
        byId: async (alertId) => {
          const row = await manager.findOne(AlertEntity, {
            where: { alertId },
            lock: { mode: 'pessimistic_write' },
          });
          return row === null ? undefined : alertOf(row);
        },
        save: async (alert) => {
          await manager.save(AlertEntity, rowOf(alert));
        },
        state: (...facts) => transaction.state(...facts),
        firstTime: (eventId) => transaction.firstTime('alerting', eventId),
      });
    });
  }

  async current(since: Date): Promise<readonly Alert[]> {
    const rows = await this.database.manager
      .createQueryBuilder(AlertEntity, 'alert')
      .where('alert.endsAt IS NULL OR alert.endsAt > :since', { since })
      .orderBy('alert.startsAt', 'ASC')
      .getMany();
    return rows.map(alertOf);
  }
}

function alertOf(row: AlertEntity): Alert {
  return { ...row, endsAt: row.endsAt ?? undefined, acknowledgedBy: row.acknowledgedBy ?? undefined };
}

function rowOf(alert: Alert): AlertEntity {
  return {
    ...alert,
    labels: { ...alert.labels },
    annotations: { ...alert.annotations },
    recommendations: [...alert.recommendations],
    endsAt: alert.endsAt ?? null,
    acknowledgedBy: alert.acknowledgedBy ?? null,
  };
}
