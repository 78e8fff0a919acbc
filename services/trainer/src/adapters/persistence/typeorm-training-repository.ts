import { type Database } from '@headrace/database';
import { type PendingEvent } from '@headrace/messaging';
import { In, LessThanOrEqual } from 'typeorm';
import { isTrainingId, stepNames, type StepName } from '../../domain/training.js';
import {
  TrainingRepository,
  type NewTraining,
  type StepRecord,
  type Training,
  type TrainingOutcome,
  type TrainingProgress,
} from '../../application/training-repository.js';
import { TrainingEntity, TrainingStepEntity } from './training.entity.js';

type Requested = Awaited<ReturnType<TrainingRepository['request']>>;

export class TypeormTrainingRepository extends TrainingRepository {
  constructor(private readonly database: Database) {
    super();
  }

  request(training: NewTraining, facts: readonly PendingEvent[], cause?: string): Promise<Requested> {
    return this.database.transaction(async (transaction): Promise<Requested> => {
      const { manager } = transaction;
      // Two requests at the same time must see each other: the second waits here until the first has committed.
      await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
        `headrace/trainer/request/${training.modelName}`,
      ]);
      const unfinished = await manager.findOneBy(TrainingEntity, {
        modelName: training.modelName,
        state: In(['queued', 'running']),
      });
      if (cause !== undefined && !(await transaction.claim('request-training', cause))) {
        return { outcome: 'seen' };
      }
      if (unfinished !== null) return { outcome: 'busy', by: unfinished.id };
      await manager.insert(TrainingEntity, {
        ...training,
        state: 'queued',
        cancelRequested: false,
        attempts: 0,
        nextAttemptAt: training.requestedAt,
      } as never);
      await transaction.emit(...facts);
      return { outcome: 'requested' };
    });
  }

  async find(id: string): Promise<Training | undefined> {
    const row = isTrainingId(id) ? await this.database.manager.findOneBy(TrainingEntity, { id }) : null;
    return row === null ? undefined : toTraining(row);
  }

  async list(modelName: string | undefined, limit: number): Promise<readonly Training[]> {
    const rows = await this.database.manager.find(TrainingEntity, {
      ...(modelName !== undefined && { where: { modelName } }),
      order: { requestedAt: 'DESC', id: 'DESC' },
      take: limit,
    });
    return rows.map(toTraining);
  }

  async steps(id: string): Promise<readonly StepRecord[]> {
    const rows = await this.database.manager.findBy(TrainingStepEntity, { trainingId: id });
    return rows
      .map((row) => ({
        name: row.name,
        state: row.state,
        startedAt: row.startedAt,
        finishedAt: row.finishedAt ?? undefined,
        result: row.result,
        checkpoint: row.checkpoint ?? undefined,
      }))
      .sort((left, right) => stepNames.indexOf(left.name) - stepNames.indexOf(right.name));
  }

  async due(now: Date): Promise<readonly Training[]> {
    const unfinished = { state: In(['queued', 'running'] as const) };
    const rows = await this.database.manager.find(TrainingEntity, {
      where: [
        { ...unfinished, nextAttemptAt: LessThanOrEqual(now) },
        { ...unfinished, cancelRequested: true },
      ],
      order: { requestedAt: 'ASC', id: 'ASC' },
    });
    return rows.map(toTraining);
  }

  begin(id: string, now: Date): Promise<void> {
    return this.database.transaction(async ({ manager }) => {
      await manager.update(TrainingEntity, { id, state: 'queued' }, { state: 'running', startedAt: now });
    });
  }

  beginStep(id: string, step: StepName, now: Date): Promise<void> {
    return this.database.transaction(async ({ manager }) => {
      await manager.upsert(
        TrainingStepEntity,
        {
          trainingId: id,
          name: step,
          state: 'running',
          startedAt: now,
          finishedAt: null,
          result: null,
        } as never,
        ['trainingId', 'name'],
      );
    });
  }

  checkpoint(
    id: string,
    step: StepName,
    checkpoint: unknown,
    facts: readonly PendingEvent[],
  ): Promise<{ readonly cancelRequested: boolean }> {
    return this.database.transaction(async (transaction) => {
      const { manager } = transaction;
      await manager.update(
        TrainingStepEntity,
        { trainingId: id, name: step, state: 'running' },
        { checkpoint: checkpoint as never },
      );
      await transaction.emit(...facts);
      const row = await manager.findOneBy(TrainingEntity, { id });
      return { cancelRequested: row?.cancelRequested ?? true };
    });
  }

  endStep(id: string, step: StepName, result: unknown, now: Date): Promise<void> {
    return this.database.transaction(async ({ manager }) => {
      await manager.update(
        TrainingStepEntity,
        { trainingId: id, name: step },
        { state: 'done', finishedAt: now, result: result as never, checkpoint: null as never },
      );
      const rows = step === 'training-set' ? (result as { rows: number }).rows : undefined;
      await manager.update(TrainingEntity, { id }, { attempts: 0, ...(rows !== undefined && { rows }) });
    });
  }

  progress(id: string, progress: TrainingProgress): Promise<{ readonly cancelRequested: boolean }> {
    return this.database.transaction(async ({ manager }) => {
      await manager.update(TrainingEntity, { id }, { progress });
      const row = await manager.findOneBy(TrainingEntity, { id });
      return { cancelRequested: row?.cancelRequested ?? true };
    });
  }

  async retryLater(id: string, attempts: number, at: Date): Promise<void> {
    await this.database.manager.update(TrainingEntity, { id }, { attempts, nextAttemptAt: at });
  }

  async requestCancel(id: string): Promise<boolean> {
    const { affected } = await this.database.manager.update(
      TrainingEntity,
      { id, state: In(['queued', 'running']) },
      { cancelRequested: true },
    );
    return affected === 1;
  }

  finish(id: string, outcome: TrainingOutcome): Promise<void> {
    return this.database.transaction(async (transaction) => {
      const { affected } = await transaction.manager.update(
        TrainingEntity,
        { id, state: In(['queued', 'running']) },
        {
          state: outcome.state,
          finishedAt: outcome.at,
          progress: null,
          failedStep: outcome.failure?.step ?? null,
          failureCode: outcome.failure?.code ?? null,
          failureMessage: outcome.failure?.message ?? null,
          validated: outcome.validated ?? null,
        },
      );
      // Finished before: its events have been emitted already.
      if (affected === 1) await transaction.emit(...outcome.events);
    });
  }

  async findMaxFailedRows(modelName: string): Promise<number | undefined> {
    const largest = await this.database.manager
      .createQueryBuilder(TrainingEntity, 'training')
      .select('max(training.rows)', 'rows')
      .where({ modelName, state: In(['succeeded', 'failed']) })
      .getRawOne<{ rows: number | null }>();
    return largest?.rows ?? undefined;
  }

  hasValidModel(modelName: string): Promise<boolean> {
    return this.database.manager.existsBy(TrainingEntity, { modelName, state: 'succeeded', validated: true });
  }

  async exclusively(id: string, work: () => Promise<void>): Promise<boolean> {
    const held = await this.database.withLease(`training/${id}`, async () => {
      await work();
      return true;
    });
    return held ?? false;
  }
}

function toTraining(row: TrainingEntity): Training {
  const { failedStep, failureCode, failureMessage } = row;
  return {
    id: row.id,
    modelName: row.modelName,
    reason: row.reason,
    requestedBy: row.requestedBy,
    state: row.state,
    plan: row.plan,
    requestFactId: row.requestFactId,
    requestedAt: row.requestedAt,
    startedAt: row.startedAt ?? undefined,
    finishedAt: row.finishedAt ?? undefined,
    cancelRequested: row.cancelRequested,
    attempts: row.attempts,
    nextAttemptAt: row.nextAttemptAt,
    progress: row.progress ?? undefined,
    failure:
      failureCode === null
        ? undefined
        : { step: failedStep ?? '', code: failureCode, message: failureMessage ?? '' },
    validated: row.validated ?? undefined,
    rows: row.rows ?? undefined,
  };
}
