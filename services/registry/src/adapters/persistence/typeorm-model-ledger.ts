import { DatabaseConflictError, type Database, type Transaction } from '@headrace/database';
import { type PendingEvent } from '@headrace/messaging';
import { type EntityManager } from 'typeorm';
import {
  ModelLedger,
  type AliasMove,
  type FinishedRun,
  type LedgerUnitOfWork,
  type ModelVersion,
  type NewVersion,
  type OpenRun,
} from '../../application/ports.js';
import { type AliasSpan } from '../../domain/alias-timeline.js';
import { runArtifactRoot } from '../../domain/artifact-path.js';
import { type KeyValue } from '../../domain/experiment.js';
import { type ModelStage, type RegisteredModel } from '../../domain/registered-model.js';
import { AlreadyExistsError, NotFoundError } from '../../domain/registry-errors.js';
import {
  modelColumns,
  toAliasSpan,
  toModelVersion,
  toRegisteredModel,
  versionColumns,
  type ModelRow,
  type SpanRow,
  type VersionRow,
} from './model-rows.js';
import { upsertRunPairs } from './run-rows.js';

export class TypeormModelLedger extends ModelLedger {
  constructor(private readonly database: Database) {
    super();
  }

  change<T>(work: (unit: LedgerUnitOfWork) => Promise<T>): Promise<T> {
    return this.database.transaction((transaction) => work(new TypeormLedgerUnitOfWork(transaction)));
  }
}

class TypeormLedgerUnitOfWork implements LedgerUnitOfWork {
  private readonly manager: EntityManager;

  constructor(private readonly transaction: Transaction) {
    this.manager = transaction.manager;
  }

  claim(handler: string, eventId: string): Promise<boolean> {
    return this.transaction.claim(handler, eventId);
  }

  emit(...events: readonly PendingEvent[]): Promise<void> {
    return this.transaction.emit(...events);
  }

  async openRun({ runId, experiment, name, userId, startedAt, tags }: OpenRun): Promise<void> {
    const opened = await queryRows(
      this.manager,
      `INSERT INTO registry.run (id, experiment_id, name, user_id, status, start_ms)
       VALUES ($1, $2, $3, $4, 'RUNNING', $5) ON CONFLICT (id) DO NOTHING RETURNING id`,
      [runId, await this.ensureExperiment(experiment, startedAt), name, userId, startedAt.getTime()],
    );
    if (opened.length > 0) {
      await upsertRunPairs(this.manager, 'run_tag', runId, toPairs({ ...tags, 'mlflow.runName': name }));
    }
  }

  async saveFinishedRun(run: FinishedRun): Promise<string> {
    const experimentId = await this.ensureExperiment(run.experiment, run.finishedAt);
    await this.manager.query(
      `INSERT INTO registry.run (id, experiment_id, name, user_id, status, start_ms, end_ms)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (id) DO UPDATE
       SET status = excluded.status, start_ms = excluded.start_ms, end_ms = excluded.end_ms`,
      [
        run.runId,
        experimentId,
        run.name,
        run.userId,
        run.status ?? 'FINISHED',
        run.startedAt.getTime(),
        run.finishedAt.getTime(),
      ],
    );
    await upsertRunPairs(this.manager, 'run_param', run.runId, toPairs(run.parameters));
    await upsertRunPairs(
      this.manager,
      'run_tag',
      run.runId,
      toPairs({ ...run.tags, 'mlflow.runName': run.name }),
    );
    for (const [key, value] of Object.entries(run.metrics)) {
      const point = [run.runId, key, value, run.finishedAt.getTime()];
      await this.manager.query(
        `INSERT INTO registry.metric_point (run_id, key, value, timestamp_ms, step)
         VALUES ($1, $2, $3, $4, 0) ON CONFLICT DO NOTHING`,
        point,
      );
      await this.manager.query(
        `INSERT INTO registry.latest_metric (run_id, key, value, timestamp_ms, step)
         VALUES ($1, $2, $3, $4, 0) ON CONFLICT DO NOTHING`,
        point,
      );
    }
    const root = runArtifactRoot(experimentId, run.runId);
    for (const [path, file] of Object.entries(run.files)) {
      await this.manager.query(
        `INSERT INTO registry.artifact (path, digest, object_key, size, created_ms)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (path) DO NOTHING`,
        [`${root}/${path}`, file.digest, file.key, file.size, run.finishedAt.getTime()],
      );
    }
    return root;
  }

  async addVersion(version: NewVersion, createIfMissing: boolean, at: Date): Promise<ModelVersion> {
    const ms = at.getTime();
    if (createIfMissing) {
      await this.manager.query(
        `INSERT INTO registry.registered_model (name, created_ms, updated_ms) VALUES ($1, $2, $2)
         ON CONFLICT DO NOTHING`,
        [version.modelName, ms],
      );
    }
    // The update locks the model's row: concurrent versions get different numbers.
    const numbered = await queryRows<{ last_version: number }>(
      this.manager,
      `WITH numbered AS (
         UPDATE registry.registered_model SET last_version = last_version + 1, updated_ms = $2
         WHERE name = $1 RETURNING last_version
       ) SELECT last_version FROM numbered`,
      [version.modelName, ms],
    );
    const number = numbered[0]?.last_version;
    if (number === undefined) throw new NotFoundError('model', version.modelName);
    await this.manager.query(
      `INSERT INTO registry.model_version (model_name, version, description, source, run_id, run_link, digest,
         artifact_key, onnx, artifacts, feature_names, members, label, metrics, evidence, training, validated,
         created_ms, updated_ms)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18)`,
      [
        version.modelName,
        number,
        version.description,
        version.source,
        version.runId ?? null,
        version.runLink,
        version.digest,
        version.artifactKey,
        version.onnx,
        JSON.stringify(version.artifacts),
        JSON.stringify(version.featureNames),
        JSON.stringify(version.members),
        version.label,
        JSON.stringify(version.metrics),
        JSON.stringify(version.evidence),
        version.training === undefined ? null : JSON.stringify(version.training),
        version.validated,
        ms,
      ],
    );
    for (const [key, value] of Object.entries(version.tags)) {
      await this.manager.query('INSERT INTO registry.version_tag VALUES ($1, $2, $3, $4)', [
        version.modelName,
        number,
        key,
        value,
      ]);
    }
    await this.addHistory(version.modelName, number, at, 'created', version.description, undefined);
    return this.lockVersion(version.modelName, number);
  }

  async lockModel(name: string): Promise<RegisteredModel> {
    const [row] = await queryRows<ModelRow>(
      this.manager,
      `SELECT ${modelColumns} FROM registry.registered_model m WHERE m.name = $1 FOR UPDATE`,
      [name],
    );
    if (row === undefined) throw new NotFoundError('model', name);
    return toRegisteredModel(row);
  }

  async renameModel(name: string, newName: string, at: Date): Promise<void> {
    try {
      await this.manager.query(
        'UPDATE registry.registered_model SET name = $2, updated_ms = $3 WHERE name = $1',
        [name, newName, at.getTime()],
      );
    } catch (error) {
      throw error instanceof DatabaseConflictError ? new AlreadyExistsError('model', newName) : error;
    }
    for (const table of ['alias_span', 'version_history']) {
      await this.manager.query(`UPDATE registry.${table} SET model_name = $2 WHERE model_name = $1`, [
        name,
        newName,
      ]);
    }
  }

  async deleteModel(name: string): Promise<void> {
    await this.manager.query('DELETE FROM registry.registered_model WHERE name = $1', [name]);
  }

  async moveToStage({ modelName, version }: ModelVersion, stage: ModelStage, at: Date): Promise<void> {
    await this.manager.query(
      'UPDATE registry.model_version SET stage = $3, updated_ms = $4 WHERE model_name = $1 AND version = $2',
      [modelName, version, stage, at.getTime()],
    );
    await this.addHistory(modelName, version, at, `stage ${stage}`, '', undefined);
  }

  async archiveOthers({ modelName, version }: ModelVersion, stage: ModelStage, at: Date): Promise<void> {
    await this.manager.query(
      `UPDATE registry.model_version SET stage = 'Archived', updated_ms = $4
       WHERE model_name = $1 AND version <> $2 AND stage = $3`,
      [modelName, version, stage, at.getTime()],
    );
  }

  async deleteVersion({ modelName, version }: ModelVersion, at: Date): Promise<void> {
    await this.manager.query('DELETE FROM registry.model_version WHERE model_name = $1 AND version = $2', [
      modelName,
      version,
    ]);
    await this.addHistory(modelName, version, at, 'deleted', '', undefined);
  }

  async lockAliasesOf(modelName: string, version: number): Promise<readonly string[]> {
    const rows = await queryRows<{ alias: string }>(
      this.manager,
      `SELECT alias FROM registry.alias_span
       WHERE model_name = $1 AND version = $2 AND valid_until IS NULL FOR UPDATE`,
      [modelName, version],
    );
    return rows.map(({ alias }) => alias);
  }

  async lockVersion(modelName: string, version: number): Promise<ModelVersion> {
    const [row] = await queryRows<VersionRow>(
      this.manager,
      `SELECT ${versionColumns} FROM registry.model_version v WHERE model_name = $1 AND version = $2 FOR UPDATE`,
      [modelName, version],
    );
    if (row === undefined) throw new NotFoundError('version', `${modelName}/${version}`);
    return toModelVersion(row);
  }

  async lockAlias(modelName: string, alias: string): Promise<AliasSpan | undefined> {
    const [row] = await queryRows<SpanRow>(
      this.manager,
      `SELECT * FROM registry.alias_span
       WHERE model_name = $1 AND alias = $2 AND valid_until IS NULL FOR UPDATE`,
      [modelName, alias],
    );
    return row === undefined ? undefined : toAliasSpan(row);
  }

  async moveAlias({ modelName, alias, version, at, reason, rolloutId }: AliasMove): Promise<void> {
    // A span does not end before it begins: two moves within one tick of the clock keep their order.
    await this.manager.query(
      `UPDATE registry.alias_span SET valid_until = greatest($3, valid_from)
       WHERE model_name = $1 AND alias = $2 AND valid_until IS NULL`,
      [modelName, alias, at],
    );
    if (version === undefined) return;
    await this.manager.query(
      `INSERT INTO registry.alias_span (model_name, alias, version, valid_from, reason, rollout_id)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [modelName, alias, version, at, reason, rolloutId ?? null],
    );
    await this.addHistory(modelName, version, at, `alias ${alias}`, reason, rolloutId);
  }

  async setStability(
    { modelName, version }: ModelVersion,
    unstable: boolean,
    at: Date,
    reason: string,
    rolloutId: string | undefined,
  ): Promise<void> {
    await this.manager.query(
      `UPDATE registry.model_version SET unstable_since = $3, unstable_reason = $4, updated_ms = $5
       WHERE model_name = $1 AND version = $2`,
      [modelName, version, unstable ? at : null, unstable ? reason : null, at.getTime()],
    );
    await this.addHistory(
      modelName,
      version,
      at,
      unstable ? 'marked unstable' : 'proved stable',
      reason,
      rolloutId,
    );
  }

  private async addHistory(
    modelName: string,
    version: number,
    at: Date,
    what: string,
    reason: string,
    rolloutId: string | undefined,
  ): Promise<void> {
    await this.manager.query(
      `INSERT INTO registry.version_history (model_name, version, at, what, reason, rollout_id)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [modelName, version, at, what, reason, rolloutId ?? null],
    );
  }

  private async ensureExperiment(name: string, at: Date): Promise<string> {
    await this.manager.query(
      `INSERT INTO registry.experiment (name, created_ms, updated_ms) VALUES ($1, $2, $2) ON CONFLICT DO NOTHING`,
      [name, at.getTime()],
    );
    const [row] = await queryRows<{ id: string }>(
      this.manager,
      'SELECT id::text AS id FROM registry.experiment WHERE name = $1',
      [name],
    );
    return row?.id ?? '0';
  }
}

function toPairs(record: Readonly<Record<string, string>>): readonly KeyValue[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

async function queryRows<Row>(manager: EntityManager, sql: string, parameters: unknown[]): Promise<Row[]> {
  return manager.query<Row[]>(sql, parameters);
}
