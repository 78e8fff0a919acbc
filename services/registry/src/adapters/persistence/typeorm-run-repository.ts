import { randomBytes } from 'node:crypto';
import { type Database } from '@headrace/database';
import { isAppError, type Clock } from '@headrace/kernel';
import { toArtifactUri, runArtifactRoot } from '../../domain/artifact-path.js';
import {
  AlreadyExistsError,
  InvalidValueError,
  NotFoundError,
  InvalidStateError,
} from '../../domain/registry-errors.js';
import { parseFilter, parseOrder } from '../../domain/search-filter.js';
import {
  Bindings,
  toCondition,
  parsePageToken,
  toOrderBy,
  toPage,
  type Searchable,
} from './filter-to-sql.js';

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export interface MetricPoint {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

export interface ExperimentRow {
  readonly id: string;
  readonly name: string;
  readonly artifact_location: string | null;
  readonly lifecycle_stage: string;
  readonly created_ms: string;
  readonly updated_ms: string;
  readonly tags: Readonly<Record<string, string>> | null;
}

export interface RunRow {
  readonly id: string;
  readonly experiment_id: string;
  readonly name: string;
  readonly user_id: string;
  readonly status: string;
  readonly start_ms: string | null;
  readonly end_ms: string | null;
  readonly lifecycle_stage: string;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly params: Readonly<Record<string, string>> | null;
  readonly metrics: readonly { key: string; value: string; timestamp: number; step: number }[] | null;
}

export type ViewType = 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL';

export interface Search {
  readonly filter: string | undefined;
  readonly orderBy: readonly string[];
  readonly maxResults: number;
  readonly pageToken: string | undefined;
}

const experiments: Searchable = {
  attributes: {
    name: { sql: 'e.name', type: 'text' },
    experiment_id: { sql: 'e.id', type: 'number' },
    creation_time: { sql: 'e.created_ms', type: 'number' },
    last_update_time: { sql: 'e.updated_ms', type: 'number' },
  },
  keyed: { tag: 'SELECT value FROM registry.experiment_tag WHERE experiment_id = e.id AND key =' },
};

const runs: Searchable = {
  attributes: {
    run_id: { sql: 'r.id', type: 'text' },
    run_name: { sql: 'r.name', type: 'text' },
    'Run name': { sql: 'r.name', type: 'text' },
    status: { sql: 'r.status', type: 'text' },
    user_id: { sql: 'r.user_id', type: 'text' },
    start_time: { sql: 'r.start_ms', type: 'number' },
    created: { sql: 'r.start_ms', type: 'number' },
    end_time: { sql: 'r.end_ms', type: 'number' },
  },
  keyed: {
    metric: 'SELECT value FROM registry.latest_metric WHERE run_id = r.id AND key =',
    param: 'SELECT value FROM registry.run_param WHERE run_id = r.id AND key =',
    tag: 'SELECT value FROM registry.run_tag WHERE run_id = r.id AND key =',
  },
};

const experimentColumns = `e.*, e.id::text AS id, (
  SELECT jsonb_object_agg(key, value) FROM registry.experiment_tag WHERE experiment_id = e.id
) AS tags`;

/** Metric values as text: JSON has no NaN. The history of metrics is not touched. */
const runColumns = `r.*, r.experiment_id::text AS experiment_id,
  (SELECT jsonb_object_agg(key, value) FROM registry.run_tag WHERE run_id = r.id) AS tags,
  (SELECT jsonb_object_agg(key, value) FROM registry.run_param WHERE run_id = r.id) AS params,
  (SELECT jsonb_agg(jsonb_build_object('key', key, 'value', value::text, 'timestamp', timestamp_ms, 'step', step))
   FROM registry.latest_metric WHERE run_id = r.id) AS metrics`;

/** Experiments and runs, as the tracking half of MLflow keeps them. */
export class TypeormRunRepository {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async createExperiment(
    name: string,
    location: string | undefined,
    tags: readonly KeyValue[],
  ): Promise<string> {
    try {
      return await this.database.transaction(async ({ manager }) => {
        const rows = await manager.query<{ id: string }[]>(
          `INSERT INTO registry.experiment (name, artifact_location, created_ms, updated_ms)
           VALUES ($1, $2, $3, $3) RETURNING id::text AS id`,
          [name, location ?? null, this.clock.now().getTime()],
        );
        const id = rows[0]?.id ?? '';
        for (const { key, value } of tags) {
          await manager.query('INSERT INTO registry.experiment_tag VALUES ($1, $2, $3)', [id, key, value]);
        }
        return id;
      });
    } catch (error) {
      if (isAppError(error) && error.kind === 'conflict') throw new AlreadyExistsError('experiment', name);
      throw error;
    }
  }

  async experiment(by: 'id' | 'name', value: string): Promise<ExperimentRow> {
    const condition = by === 'id' ? 'e.id::text = $1' : 'e.name = $1';
    const [row] = await this.database.manager.query<ExperimentRow[]>(
      `SELECT ${experimentColumns} FROM registry.experiment e WHERE ${condition}`,
      [value],
    );
    if (row === undefined) throw new NotFoundError('experiment', value);
    return row;
  }

  async searchExperiments(
    search: Search,
    view: ViewType,
  ): Promise<{ rows: readonly ExperimentRow[]; nextPageToken: string | undefined }> {
    const bound = new Bindings();
    const condition = toCondition(parseFilter(search.filter), experiments, bound);
    const order = toOrderBy(search.orderBy.map(parseOrder), experiments, bound) || 'e.updated_ms DESC';
    const offset = parsePageToken(search.pageToken);
    const rows = await this.database.manager.query<ExperimentRow[]>(
      `SELECT ${experimentColumns} FROM registry.experiment e
       WHERE ${condition} AND ${stageCondition('e', view)} ORDER BY ${order}, e.id
       LIMIT ${bound.add(search.maxResults + 1)} OFFSET ${bound.add(offset)}`,
      bound.values,
    );
    return toPage(rows, search.maxResults, offset);
  }

  async renameExperiment(id: string, name: string): Promise<void> {
    await this.experiment('id', id);
    await this.database.manager.query(
      'UPDATE registry.experiment SET name = $2, updated_ms = $3 WHERE id = $1::bigint',
      [id, name, this.clock.now().getTime()],
    );
  }

  async setExperimentStage(id: string, stage: 'active' | 'deleted'): Promise<void> {
    if (id === '0' && stage === 'deleted') {
      throw new InvalidStateError('The default experiment always exists');
    }
    await this.experiment('id', id);
    await this.database.manager.query(
      'UPDATE registry.experiment SET lifecycle_stage = $2, updated_ms = $3 WHERE id = $1::bigint',
      [id, stage, this.clock.now().getTime()],
    );
  }

  async setExperimentTag(id: string, key: string, value: string): Promise<void> {
    await this.experiment('id', id);
    await this.database.manager.query(
      `INSERT INTO registry.experiment_tag VALUES ($1, $2, $3)
       ON CONFLICT (experiment_id, key) DO UPDATE SET value = excluded.value`,
      [id, key, value],
    );
  }

  async createRun(run: {
    readonly experimentId: string;
    readonly userId: string;
    readonly name: string;
    readonly startMs: number | undefined;
    readonly tags: readonly KeyValue[];
  }): Promise<RunRow> {
    const experiment = await this.experiment('id', run.experimentId);
    if (experiment.lifecycle_stage !== 'active') {
      throw new InvalidStateError(`Experiment ${run.experimentId} is deleted; restore it first`);
    }
    const id = randomBytes(16).toString('hex');
    const name =
      run.name || run.tags.find(({ key }) => key === 'mlflow.runName')?.value || `run-${id.slice(0, 8)}`;
    await this.database.transaction(async ({ manager }) => {
      await manager.query(
        `INSERT INTO registry.run (id, experiment_id, name, user_id, status, start_ms)
         VALUES ($1, $2, $3, $4, 'RUNNING', $5)`,
        [id, run.experimentId, name, run.userId, run.startMs ?? this.clock.now().getTime()],
      );
    });
    await this.log(id, {
      metrics: [],
      params: [],
      tags: [...run.tags, { key: 'mlflow.runName', value: name }],
    });
    return this.run(id);
  }

  async run(id: string): Promise<RunRow> {
    const [row] = await this.database.manager.query<RunRow[]>(
      `SELECT ${runColumns} FROM registry.run r WHERE r.id = $1`,
      [id],
    );
    if (row === undefined) throw new NotFoundError('run', id);
    return row;
  }

  async updateRun(
    id: string,
    change: { status?: string | undefined; endMs?: number | undefined; name?: string | undefined },
  ): Promise<RunRow> {
    await this.run(id);
    await this.database.manager.query(
      `UPDATE registry.run SET status = coalesce($2, status), end_ms = coalesce($3, end_ms),
         name = coalesce($4, name) WHERE id = $1`,
      [id, change.status ?? null, change.endMs ?? null, change.name ?? null],
    );
    if (change.name !== undefined) {
      await this.log(id, { metrics: [], params: [], tags: [{ key: 'mlflow.runName', value: change.name }] });
    }
    return this.run(id);
  }

  async setRunStage(id: string, stage: 'active' | 'deleted'): Promise<void> {
    await this.run(id);
    await this.database.manager.query('UPDATE registry.run SET lifecycle_stage = $2 WHERE id = $1', [
      id,
      stage,
    ]);
  }

  async deleteRunTag(id: string, key: string): Promise<void> {
    await this.run(id);
    await this.database.manager.query('DELETE FROM registry.run_tag WHERE run_id = $1 AND key = $2', [
      id,
      key,
    ]);
  }

  async searchRuns(
    search: Search & { readonly experimentIds: readonly string[]; readonly view: ViewType },
  ): Promise<{ rows: readonly RunRow[]; nextPageToken: string | undefined }> {
    const bound = new Bindings();
    const condition = toCondition(parseFilter(search.filter), runs, bound);
    const order = toOrderBy(search.orderBy.map(parseOrder), runs, bound);
    const offset = parsePageToken(search.pageToken);
    const rows = await this.database.manager.query<RunRow[]>(
      `SELECT ${runColumns} FROM registry.run r
       WHERE r.experiment_id = ANY(${bound.add(search.experimentIds)}::bigint[])
         AND ${stageCondition('r', search.view)} AND ${condition}
       ORDER BY ${order === '' ? '' : `${order}, `}r.start_ms DESC, r.id
       LIMIT ${bound.add(search.maxResults + 1)} OFFSET ${bound.add(offset)}`,
      bound.values,
    );
    return toPage(rows, search.maxResults, offset);
  }

  /** All of a batch or nothing of it. A retried batch changes nothing. */
  async log(
    runId: string,
    batch: {
      readonly metrics: readonly MetricPoint[];
      readonly params: readonly KeyValue[];
      readonly tags: readonly KeyValue[];
    },
  ): Promise<void> {
    await this.database.transaction(async ({ manager }) => {
      const found = await manager.query<{ lifecycle_stage: string }[]>(
        'SELECT lifecycle_stage FROM registry.run WHERE id = $1 FOR UPDATE',
        [runId],
      );
      if (found[0] === undefined) throw new NotFoundError('run', runId);
      if (found[0].lifecycle_stage !== 'active') {
        throw new InvalidStateError(`Run ${runId} is deleted; restore it before logging to it`);
      }
      for (const { key, value } of batch.params) {
        const kept = await manager.query<{ value: string }[]>(
          `INSERT INTO registry.run_param VALUES ($1, $2, $3)
           ON CONFLICT (run_id, key) DO UPDATE SET value = run_param.value RETURNING value`,
          [runId, key, value],
        );
        if (kept[0]?.value !== value) {
          throw new InvalidValueError(
            `Parameter ${key} of run ${runId} is ${kept[0]?.value ?? ''} and cannot become ${value}: parameters do not change`,
          );
        }
      }
      for (const { key, value } of batch.tags) {
        await manager.query(
          `INSERT INTO registry.run_tag VALUES ($1, $2, $3)
           ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value`,
          [runId, key, value],
        );
      }
      if (batch.metrics.length === 0) return;
      const points = [
        runId,
        batch.metrics.map(({ key }) => key),
        batch.metrics.map(({ value }) => String(value)),
        batch.metrics.map(({ timestamp }) => timestamp),
        batch.metrics.map(({ step }) => step),
      ];
      const unnested =
        'unnest($2::text[], $3::double precision[], $4::bigint[], $5::bigint[]) AS p (key, value, at, step)';
      await manager.query(
        `INSERT INTO registry.metric_point (run_id, key, value, timestamp_ms, step)
         SELECT $1, key, value, at, step FROM ${unnested} ON CONFLICT DO NOTHING`,
        points,
      );
      await manager.query(
        `INSERT INTO registry.latest_metric (run_id, key, value, timestamp_ms, step)
         SELECT DISTINCT ON (key) $1, key, value, at, step FROM ${unnested} ORDER BY key, step DESC, at DESC, value DESC
         ON CONFLICT (run_id, key) DO UPDATE
           SET value = excluded.value, timestamp_ms = excluded.timestamp_ms, step = excluded.step
           WHERE (excluded.step, excluded.timestamp_ms, excluded.value) >=
             (latest_metric.step, latest_metric.timestamp_ms, latest_metric.value)`,
        points,
      );
    });
  }

  async metricHistory(
    runId: string,
    key: string,
    maxResults: number,
    pageToken: string | undefined,
  ): Promise<{ rows: readonly MetricPoint[]; nextPageToken: string | undefined }> {
    await this.run(runId);
    const offset = parsePageToken(pageToken);
    const rows = await this.database.manager.query<{ value: number; timestamp_ms: string; step: string }[]>(
      `SELECT value, timestamp_ms, step FROM registry.metric_point WHERE run_id = $1 AND key = $2
       ORDER BY timestamp_ms, step, value LIMIT $3 OFFSET $4`,
      [runId, key, maxResults + 1, offset],
    );
    const points = rows.map(({ value, timestamp_ms, step }) => ({
      key,
      value,
      timestamp: Number(timestamp_ms),
      step: Number(step),
    }));
    return toPage(points, maxResults, offset);
  }

  /** Root of a run's artifacts below the root of all, and as a URI. */
  async artifactRoot(runId: string): Promise<{ path: string; uri: string }> {
    const run = await this.run(runId);
    const path = runArtifactRoot(run.experiment_id, run.id);
    return { path, uri: toArtifactUri(path) };
  }
}

function stageCondition(table: 'e' | 'r', view: ViewType): string {
  if (view === 'ALL') return 'true';
  return `${table}.lifecycle_stage = '${view === 'DELETED_ONLY' ? 'deleted' : 'active'}'`;
}
