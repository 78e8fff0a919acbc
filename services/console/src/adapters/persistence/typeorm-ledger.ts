import { type Database } from '@headrace/database';
import { Ledger, type LedgerEntry } from '../../application/ports.js';
import { type ChainEvent } from '../../domain/build-causal-chain.js';
import { type LedgerEvent } from '../../domain/fold-event.js';
import { LedgerEntryEntity } from './ledger-entry.entity.js';

export class TypeormLedger extends Ledger {
  constructor(private readonly database: Database) {
    super();
  }

  async append(entries: readonly LedgerEntry[]): Promise<void> {
    await this.database.manager
      .createQueryBuilder()
      .insert()
      .into(LedgerEntryEntity)
      .values(
        entries.map((entry) => ({
          eventId: entry.id,
          type: entry.type,
          happenedAt: new Date(entry.time),
          subjects: [...entry.subjects],
          correlationId: entry.correlationId ?? null,
          causationIds: [...entry.causationIds],
          payload: entry.payload as object,
        })),
      )
      .orIgnore()
      .execute();
  }

  async findById(id: string): Promise<ChainEvent | undefined> {
    const row = await this.database.manager.findOne(LedgerEntryEntity, { where: { eventId: id } });
    return row === null ? undefined : toChainEvent(row);
  }

  async findNewestAbout(subject: string, types: readonly string[]): Promise<ChainEvent | undefined> {
    const row = await this.database.manager
      .createQueryBuilder(LedgerEntryEntity, 'entry')
      .where(':subject = ANY(entry.subjects)', { subject })
      .andWhere('entry.type IN (:...types)', { types })
      .orderBy('entry.happenedAt', 'DESC')
      .addOrderBy('array_position(ARRAY[:...types], entry.type)')
      .limit(1)
      .getOne();
    return row === null ? undefined : toChainEvent(row);
  }

  async listNewest(limit: number): Promise<readonly LedgerEvent[]> {
    const rows = await this.database.manager.find(LedgerEntryEntity, {
      order: { happenedAt: 'DESC' },
      take: limit,
    });
    return rows.reverse().map(toChainEvent);
  }
}

function toChainEvent(row: LedgerEntryEntity): ChainEvent {
  return {
    id: row.eventId,
    type: row.type,
    time: row.happenedAt.toISOString(),
    payload: row.payload,
    causationIds: row.causationIds,
  };
}
