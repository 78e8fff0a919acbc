import { type Database } from '@headrace/database';
import { IsNull } from 'typeorm';
import { AlertRepository, type AlertUnitOfWork } from '../../application/ports.js';
import { type Alert } from '../../domain/alert.js';
import { AlertEntity } from './alert.entity.js';

export class TypeormAlertRepository extends AlertRepository {
  constructor(private readonly database: Database) {
    super();
  }

  change<T>(work: (alerts: AlertUnitOfWork) => Promise<T>): Promise<T> {
    return this.database.transaction((transaction) => {
      const { manager } = transaction;
      return work({
        findOpen: async (fingerprint) =>
          (
            await manager.find(AlertEntity, {
              where: { endsAt: IsNull(), ...(fingerprint === undefined ? {} : { fingerprint }) },
              order: { startsAt: 'ASC' },
              lock: { mode: 'pessimistic_write' },
            })
          ).map(toAlert),
        findById: async (alertId) => {
          const row = await manager.findOne(AlertEntity, {
            where: { alertId },
            lock: { mode: 'pessimistic_write' },
          });
          return row === null ? undefined : toAlert(row);
        },
        save: async (alert) => {
          await manager.save(AlertEntity, toEntity(alert));
        },
        emit: (...events) => transaction.emit(...events),
        claim: (handler, eventId) => transaction.claim(handler, eventId),
      });
    });
  }

  async findCurrent(since: Date): Promise<readonly Alert[]> {
    const rows = await this.database.manager
      .createQueryBuilder(AlertEntity, 'alert')
      .where('alert.endsAt IS NULL OR alert.endsAt > :since', { since })
      .orderBy('alert.startsAt', 'ASC')
      .getMany();
    return rows.map(toAlert);
  }
}

function toAlert(row: AlertEntity): Alert {
  const { alertId, fingerprint, name, severity, labels, annotations, recommendations, occurrences } = row;
  const { startsAt, updatedAt, endsAt, acknowledgedBy } = row;
  return {
    alertId,
    fingerprint,
    name,
    severity,
    labels,
    annotations,
    recommendations,
    startsAt,
    updatedAt,
    endsAt: endsAt ?? undefined,
    acknowledgedBy: acknowledgedBy ?? undefined,
    occurrences,
  };
}

function toEntity({
  endsAt,
  acknowledgedBy,
  labels,
  annotations,
  recommendations,
  ...rest
}: Alert): AlertEntity {
  return Object.assign(new AlertEntity(), rest, {
    labels: { ...labels },
    annotations: { ...annotations },
    recommendations: [...recommendations],
    endsAt: endsAt ?? null,
    acknowledgedBy: acknowledgedBy ?? null,
  });
}
