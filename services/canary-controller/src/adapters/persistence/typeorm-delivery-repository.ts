import { type Database, type Transaction } from '@headrace/database';
import { type EntityManager } from 'typeorm';
import {
  DeliveryRepository,
  type DeliveryUnitOfWork,
  type FactPosition,
  type WaitingScore,
} from '../../application/ports.js';
import { newDelivery, type Change, type Delivery } from '../../domain/rollout/delivery.js';
import { type Rollout } from '../../domain/rollout/rollout.js';
import { DeliveryEntity, RolloutEntity } from './delivery-entities.js';

export class TypeormDeliveryRepository extends DeliveryRepository {
  constructor(private readonly database: Database) {
    super();
  }

  change<T>(work: (store: DeliveryUnitOfWork) => Promise<T>): Promise<T> {
    return this.database.transaction((transaction) => work(new TypeormDeliveryWork(transaction)));
  }

  async rollouts({
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

  async rollout(rolloutId: string): Promise<Rollout | undefined> {
    const row = await this.database.manager.findOne(RolloutEntity, { where: { rolloutId } });
    return row?.body;
  }

  activeModels(): Promise<readonly string[]> {
    return activeModels(this.database.manager);
  }
}

async function activeModels(manager: EntityManager): Promise<readonly string[]> {
  const rows = await manager.find(DeliveryEntity, { where: { active: true }, select: { modelName: true } });
  return rows.map(({ modelName }) => modelName);
}

class TypeormDeliveryWork implements DeliveryUnitOfWork {
  private readonly manager: EntityManager;
  /** Tables named in SQL of our own carry the schema, whatever the connection's search path says. */
  private readonly schema: string;

  constructor(private readonly transaction: Transaction) {
    this.manager = transaction.manager;
    this.schema = transaction.manager.getRepository(DeliveryEntity).metadata.schema ?? 'canary_controller';
  }

  async load(modelName: string): Promise<Delivery> {
    // A row to lock, so that two first events of a model do not both begin from nothing.
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

  async save({ delivery, statements }: Change, now: Date): Promise<void> {
    const { modelName, active, ended } = delivery;
    for (const rollout of [...ended, ...(active === undefined ? [] : [active])]) {
      await this.manager.save(RolloutEntity, {
        rolloutId: rollout.rolloutId,
        modelName,
        startedAt: new Date(rollout.startedAt),
        body: rollout,
      });
    }
    for (const rollout of ended) await this.forgetWaiting(rollout.rolloutId);
    const stored: Delivery = { ...delivery, ended: [] };
    await this.manager.save(DeliveryEntity, { modelName, active: active !== undefined, body: stored });
    await this.transaction.emit(
      ...statements.map(({ definition, id, payload, causationIds, correlationId, actor }) => ({
        definition,
        event: {
          id,
          time: now,
          payload,
          causationIds,
          correlationId,
          ...(actor === undefined ? {} : { actor }),
        },
      })),
    );
  }

  claim(handler: string, eventId: string): Promise<boolean> {
    return this.transaction.claim(handler, eventId);
  }

  async notCounted<Fact extends { readonly position: FactPosition }>(
    facts: readonly Fact[],
  ): Promise<readonly Fact[]> {
    const [first] = facts;
    const last = facts.at(-1);
    if (first === undefined || last === undefined) return [];
    const { topic, partition } = first.position;
    const rows: { record_offset: string; fact_index: number }[] = await this.manager.query(
      `SELECT record_offset::text AS record_offset, fact_index FROM ${this.schema}.counted_position
       WHERE topic = $1 AND partition = $2 FOR UPDATE`,
      [topic, partition],
    );
    const counted = rows[0];
    const fresh = facts.filter(
      ({ position }) =>
        counted === undefined ||
        position.offset > BigInt(counted.record_offset) ||
        (position.offset === BigInt(counted.record_offset) && position.index > counted.fact_index),
    );
    if (fresh.length === 0) return [];
    await this.manager.query(
      `INSERT INTO ${this.schema}.counted_position (topic, partition, record_offset, fact_index)
       VALUES ($1, $2, $3, $4)
       ON CONFLICT (topic, partition) DO UPDATE SET record_offset = $3, fact_index = $4`,
      [topic, partition, last.position.offset.toString(), last.position.index],
    );
    return fresh;
  }

  async addWaiting(scores: readonly WaitingScore[]): Promise<void> {
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

  async waitingCount(rolloutId: string): Promise<number> {
    const rows: { count: number }[] = await this.manager.query(
      `SELECT count(*)::int AS count FROM ${this.schema}.waiting_score WHERE rollout_id = $1`,
      [rolloutId],
    );
    return rows[0]?.count ?? 0;
  }

  async takeWaiting(
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
    const answer: Row[] | [Row[], number] = await this.manager.query(
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
    // TypeORM answers a DELETE with the rows and their number.
    const rows = (Array.isArray(answer[0]) ? answer[0] : answer) as Row[];
    return rows.map((row) => ({
      rolloutId: row.rollout_id,
      systemId: row.system_id,
      eventTime: new Date(row.event_time),
      baseline: row.baseline,
      canary: row.canary,
    }));
  }

  async forgetWaiting(rolloutId: string): Promise<void> {
    await this.manager.query(`DELETE FROM ${this.schema}.waiting_score WHERE rollout_id = $1`, [rolloutId]);
  }

  activeModels(): Promise<readonly string[]> {
    return activeModels(this.manager);
  }
}
