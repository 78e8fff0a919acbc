import { type Database } from '@headrace/database';
import { type PendingEvent } from '@headrace/messaging';
import { GroupRepository } from '../../application/ports.js';
import { type GroupState } from '../../domain/due-notification.js';
import { NotificationGroupEntity } from './notification-group.entity.js';

export class TypeormGroupRepository extends GroupRepository {
  constructor(private readonly database: Database) {
    super();
  }

  async stateOf(groupKey: string, channel: string): Promise<GroupState | undefined> {
    const row = await this.database.manager.findOne(NotificationGroupEntity, {
      where: { groupKey, channel },
    });
    if (row === null) return undefined;
    return {
      firstSeenAt: row.firstSeenAt,
      lastSentAt: row.lastSentAt ?? undefined,
      toldFiring: row.toldFiring,
    };
  }

  async save(
    groupKey: string,
    channel: string,
    state: GroupState,
    facts: readonly PendingEvent[],
  ): Promise<void> {
    await this.database.transaction(async (transaction) => {
      await transaction.manager.save(NotificationGroupEntity, {
        groupKey,
        channel,
        firstSeenAt: state.firstSeenAt,
        lastSentAt: state.lastSentAt ?? null,
        toldFiring: [...state.toldFiring],
      });
      await transaction.emit(...facts);
    });
  }

  async forget(groupKey: string, channel: string): Promise<void> {
    await this.database.manager.delete(NotificationGroupEntity, { groupKey, channel });
  }

  async exclusively(work: () => Promise<void>): Promise<void> {
    await this.database.withLease('alerting-notifications', work);
  }
}
