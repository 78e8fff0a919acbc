import { type Database } from '@headrace/database';
import { type PendingEvent } from '@headrace/messaging';
import { GroupRepository } from '../../application/ports.js';
import { type GroupState } from '../../domain/decide-notification.js';
import { NotificationGroupEntity } from './notification-group.entity.js';

export class TypeormGroupRepository extends GroupRepository {
  constructor(private readonly database: Database) {
    super();
  }

  async findState(groupKey: string, channel: string): Promise<GroupState | undefined> {
    const row = await this.database.manager.findOne(NotificationGroupEntity, {
      where: { groupKey, channel },
    });
    if (row === null) return undefined;
    return {
      firstSeenAt: row.firstSeenAt,
      lastSentAt: row.lastSentAt ?? undefined,
      notifiedFiring: row.notifiedFiring,
      failedAttempts: row.failedAttempts,
    };
  }

  async save(
    groupKey: string,
    channel: string,
    state: GroupState,
    events: readonly PendingEvent[],
  ): Promise<void> {
    await this.database.transaction(async (transaction) => {
      await transaction.manager.save(NotificationGroupEntity, {
        groupKey,
        channel,
        firstSeenAt: state.firstSeenAt,
        lastSentAt: state.lastSentAt ?? null,
        notifiedFiring: [...state.notifiedFiring],
        failedAttempts: state.failedAttempts,
      });
      await transaction.emit(...events);
    });
  }

  async delete(groupKey: string, channel: string): Promise<void> {
    await this.database.manager.delete(NotificationGroupEntity, { groupKey, channel });
  }

  async runExclusively(work: () => Promise<void>): Promise<void> {
    await this.database.withLease('alerting-notifications', work);
  }
}
