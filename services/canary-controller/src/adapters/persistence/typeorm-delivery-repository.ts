import { isAtOrBefore, type LogPosition } from '@headrace/contracts';
import { type Database, type Transaction } from '@headrace/database';
import { eventOf, type PendingEvent } from '@headrace/messaging';
import { type EntityManager } from 'typeorm';
import { DeliveryRepository, type DeliveryUnitOfWork, type WaitingScore } from '../../application/ports.js';
import { newDelivery, type Change, type Delivery } from '../../domain/rollout/delivery.js';
import { type Rollout } from '../../domain/rollout/rollout.js';
import { type RolloutEvent } from '../../domain/rollout/rollout-events.js';
import { DeliveryEntity, RolloutEntity } from './delivery-entities.js';

export class TypeormDeliveryRepository extends DeliveryRepository {
  constructor(private readonly database: Database) {
    super();
  }

  change<T>(work: (unit: DeliveryUnitOfWork) => Promise<T>): Promise<T> {
    return this.database.transaction((transaction) => work(new TypeormDeliveryUnitOfWork(transaction)));
  }

  async findRollouts({
    modelName,
    limit,
  }: {
    readonly modelName?: string | undefined;
    readonly limit: number;
  }): Promise<readonly Rollout[]> {
    const rows = await this.database.manager.find(RolloutEntity, {
      ...(modelName === undefined ? {} : { where: { modelName } }),
      order: { startedAt: 'DESC' },
      take: limit,
    });
    return rows.map(({ body }) => body);
  }

  async findRollout(rolloutId: string): Promise<Rollout | undefined> {
    const row = await this.database.manager.findOne(RolloutEntity, { where: { rolloutId } });
    return row?.body;
  }

  findActiveModels(): Promise<readonly string[]> {
    return queryActiveModels(this.database.manager);
  }
}

async function queryActiveModels(manager: EntityManager): Promise<readonly string[]> {
  const rows = await manager.find(DeliveryEntity, { where: { active: true }, select: { modelName: true } });
  return rows.map(({ modelName }) => modelName);
}

class TypeormDeliveryUnitOfWork implements DeliveryUnitOfWork {
  private readonly manager: EntityManager;
  /** Hand-written SQL names the schema, so that it does not depend on the search path of the connection. */
  private readonly schema: string;

  constructor(private readonly transaction: Transaction) {
    this.manager = transaction.manager;
    this.schema = transaction.manager.getRepository(DeliveryEntity).metadata.schema ?? 'canary_controller';
  }

  async load(modelName: string): Promise<Delivery> {
    // Ensures a row to lock: two first events of a model must not both start from an empty delivery.
    await this.manager.query(
      `INSERT INTO ${this.schema}.delivery (model_name, active, body) VALUES ($1, false, $2)
       ON CONFLICT (model_name) DO NOTHING`,
      [modelName, JSON.stringify(newDelivery(modelName))],
    );
    const row = await this.manager.findOneOrFail(DeliveryEntity, {
      where: { modelName },
      lock: { mode: 'pessimistic_write' },
    });
    return row.body;
  }

  async save({ delivery, events }: Change, now: Date): Promise<void> {
    const { modelName, active, ended } = delivery;
    for (const rollout of [...ended, ...(active === undefined ? [] : [active])]) {
      await this.manager.save(RolloutEntity, {
        rolloutId: rollout.rolloutId,
        modelName,
        startedAt: new Date(rollout.startedAt),
        body: rollout,
      });
    }
    for (const rollout of ended) await this.deleteWaitingScores(rollout.rolloutId);
    const stored: Delivery = { ...delivery, ended: [] };
    await this.manager.save(DeliveryEntity, { modelName, active: active !== undefined, body: stored });
    await this.emit(...events.map((event) => toPendingEvent(event, now)));
  }

  emit(...events: readonly PendingEvent[]): Promise<void> {
    return this.transaction.emit(...events);
  }

  claim(handler: string, eventId: string): Promise<boolean> {
    return this.transaction.claim(handler, eventId);
  }

  async takeUncounted<Event extends { readonly position: LogPosition }>(
    events: readonly Event[],
  ): Promise<readonly Event[]> {
    const [first] = events;
    const last = events.at(-1);
    if (first === undefined || last === undefined) return [];
    const { topic, partition } = first.position;
    const rows: { record_offset: string; fact_index: number }[] = await this.manager.query(
      `SELECT record_offset::text AS record_offset, fact_index FROM ${this.schema}.counted_position
       WHERE topic = $1 AND partition = $2 FOR UPDATE`,
      [topic, partition],
    );
    const marks = rows.map((row) => ({ offset: BigInt(row.record_offset), index: row.fact_index }));
    const uncounted = events.filter(({ position }) => !marks.some((mark) => isAtOrBefore(position, mark)));
    if (uncounted.length === 0) return [];
    await this.manager.query(
      `INSERT INTO ${this.schema}.counted_position (topic, partition, record_offset, fact_index)
       VALUES ($1, $2, $3, $4)
       ON CONFLICT (topic, partition) DO UPDATE SET record_offset = $3, fact_index = $4`,
      [topic, partition, last.position.offset.toString(), last.position.index],
    );
    return uncounted;
  }

  async addWaitingScores(scores: readonly WaitingScore[]): Promise<void> {
    if (scores.length === 0) return;
    await this.manager.query(
      `INSERT INTO ${this.schema}.waiting_score (rollout_id, system_id, event_time, baseline, canary)
       SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::float8[], $5::float8[])
       ON CONFLICT DO NOTHING`,
      [
        scores.map(({ rolloutId }) => rolloutId),
        scores.map(({ systemId }) => systemId),
        scores.map(({ eventTime }) => eventTime.toISOString()),
        scores.map(({ baseline }) => baseline),
        scores.map(({ canary }) => canary),
      ],
    );
  }

  async countWaitingScores(rolloutId: string): Promise<number> {
    const rows: { count: number }[] = await this.manager.query(
      `SELECT count(*)::int AS count FROM ${this.schema}.waiting_score WHERE rollout_id = $1`,
      [rolloutId],
    );
    return rows[0]?.count ?? 0;
  }

  async takeWaitingScores(
    rolloutId: string,
    outcomes: readonly { readonly systemId: string; readonly eventTime: Date }[],
  ): Promise<readonly WaitingScore[]> {
    interface Row {
      readonly rollout_id: string;
      readonly system_id: string;
      readonly event_time: Date;
      readonly baseline: number;
      readonly canary: number;
    }
    const result: Row[] | [Row[], number] = await this.manager.query(
      `DELETE FROM ${this.schema}.waiting_score AS waiting
       USING unnest($1::text[], $2::timestamptz[]) AS outcome (system_id, event_time)
       WHERE waiting.rollout_id = $3
         AND waiting.system_id = outcome.system_id AND waiting.event_time = outcome.event_time
       RETURNING waiting.*`,
      [
        outcomes.map(({ systemId }) => systemId),
        outcomes.map(({ eventTime }) => eventTime.toISOString()),
        rolloutId,
      ],
    );
    // TypeORM returns the rows of a DELETE together with their number.
    const rows = (Array.isArray(result[0]) ? result[0] : result) as Row[];
    return rows.map((row) => ({
      rolloutId: row.rollout_id,
      systemId: row.system_id,
      eventTime: new Date(row.event_time),
      baseline: row.baseline,
      canary: row.canary,
    }));
  }

  private async deleteWaitingScores(rolloutId: string): Promise<void> {
    await this.manager.query(`DELETE FROM ${this.schema}.waiting_score WHERE rollout_id = $1`, [rolloutId]);
  }

  findActiveModels(): Promise<readonly string[]> {
    return queryActiveModels(this.manager);
  }
}

function toPendingEvent(event: RolloutEvent, now: Date): PendingEvent {
  const { definition, id, payload, causationIds, correlationId, actor } = event;
  return eventOf(definition, {
    id,
    time: now,
    payload,
    causationIds,
    correlationId,
    ...(actor !== undefined && { actor }),
  });
}
