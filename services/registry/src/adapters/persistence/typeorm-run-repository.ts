import { type Database } from '@headrace/database';
import { type EntityManager } from 'typeorm';
import { RunRepository, type Page, type RunSearch } from '../../application/ports.js';
import { type LifecycleStage } from '../../domain/experiment.js';
import { NotFoundError } from '../../domain/registry-errors.js';
import { type MetricPoint, type NewRun, type Run, type RunChange, type RunState } from '../../domain/run.js';
import { parseFilter, parseOrder } from '../../domain/search-filter.js';
import {
  Bindings,
  parsePageToken,
  toCondition,
  toOrderBy,
  toPage,
  toStageCondition,
  type Searchable,
} from './filter-to-sql.js';
import { runColumns, toRun, upsertRunPairs, type RunRow } from './run-rows.js';

const searchable: Searchable = {
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

export class TypeormRunRepository extends RunRepository {
  constructor(private readonly database: Database) {
    super();
  }

  async create(run: NewRun): Promise<void> {
    await this.database.transaction(async ({ manager }) => {
      await manager.query(
        `INSERT INTO registry.run (id, experiment_id, name, user_id, status, start_ms)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [run.id, run.experimentId, run.name, run.userId, run.status, run.startMs],
      );
      await upsertRunPairs(manager, 'run_tag', run.id, run.tags);
    });
  }

  async load(id: string): Promise<Run> {
    const [row] = await this.database.manager.query<RunRow[]>(
      `SELECT ${runColumns} FROM registry.run r WHERE r.id = $1`,
      [id],
    );
    if (row === undefined) throw new NotFoundError('run', id);
    return toRun(row);
  }

  async search(search: RunSearch): Promise<Page<Run>> {
    const bindings = new Bindings();
    const condition = toCondition(parseFilter(search.filter), searchable, bindings);
    const order = toOrderBy(search.orderBy.map(parseOrder), searchable, bindings);
    const offset = parsePageToken(search.pageToken);
    const rows = await this.database.manager.query<RunRow[]>(
      `SELECT ${runColumns} FROM registry.run r
       WHERE r.experiment_id = ANY(${bindings.add(search.experimentIds)}::bigint[])
         AND ${toStageCondition('r', search.view)} AND ${condition}
       ORDER BY ${order === '' ? '' : `${order}, `}r.start_ms DESC, r.id
       LIMIT ${bindings.add(search.maxResults + 1)} OFFSET ${bindings.add(offset)}`,
      bindings.values,
    );
    return toPage(rows.map(toRun), search.maxResults, offset);
  }

  async update(
    id: string,
    paramKeys: readonly string[],
    decide: (run: RunState) => RunChange,
  ): Promise<void> {
    await this.database.transaction(async ({ manager }) => {
      const [run] = await manager.query<{ lifecycle_stage: LifecycleStage }[]>(
        'SELECT lifecycle_stage FROM registry.run WHERE id = $1 FOR UPDATE',
        [id],
      );
      if (run === undefined) throw new NotFoundError('run', id);
      const params = await loadParams(manager, id, paramKeys);
      const change = decide({ id, lifecycleStage: run.lifecycle_stage, params });
      if (change.status !== undefined || change.endMs !== undefined || change.name !== undefined) {
        await manager.query(
          `UPDATE registry.run SET status = coalesce($2, status), end_ms = coalesce($3, end_ms),
             name = coalesce($4, name) WHERE id = $1`,
          [id, change.status ?? null, change.endMs ?? null, change.name ?? null],
        );
      }
      await upsertRunPairs(manager, 'run_param', id, change.params);
      await upsertRunPairs(manager, 'run_tag', id, change.tags);
      await insertPoints(manager, id, change.metrics);
      await upsertLatest(manager, id, change.latestMetrics);
    });
  }

  async setLifecycleStage(id: string, stage: LifecycleStage): Promise<void> {
    await this.load(id);
    await this.database.manager.query('UPDATE registry.run SET lifecycle_stage = $2 WHERE id = $1', [
      id,
      stage,
    ]);
  }

  async deleteTag(id: string, key: string): Promise<void> {
    await this.load(id);
    await this.database.manager.query('DELETE FROM registry.run_tag WHERE run_id = $1 AND key = $2', [
      id,
      key,
    ]);
  }

  async listMetricPoints(
    id: string,
    key: string,
    maxResults: number,
    pageToken: string | undefined,
  ): Promise<Page<MetricPoint>> {
    await this.load(id);
    const offset = parsePageToken(pageToken);
    const rows = await this.database.manager.query<{ value: number; timestamp_ms: string; step: string }[]>(
      `SELECT value, timestamp_ms, step FROM registry.metric_point WHERE run_id = $1 AND key = $2
       ORDER BY timestamp_ms, step, value LIMIT $3 OFFSET $4`,
      [id, key, maxResults + 1, offset],
    );
    const points = rows.map(({ value, timestamp_ms, step }) => ({
      key,
      value,
      timestamp: Number(timestamp_ms),
      step: Number(step),
    }));
    return toPage(points, maxResults, offset);
  }
}

async function loadParams(
  manager: EntityManager,
  runId: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (keys.length === 0) return new Map();
  const rows = await manager.query<{ key: string; value: string }[]>(
    'SELECT key, value FROM registry.run_param WHERE run_id = $1 AND key = ANY($2::text[])',
    [runId, keys],
  );
  return new Map(rows.map(({ key, value }) => [key, value]));
}

const unnestedPoints =
  'unnest($2::text[], $3::double precision[], $4::bigint[], $5::bigint[]) AS point (key, value, at, step)';

async function insertPoints(
  manager: EntityManager,
  runId: string,
  points: readonly MetricPoint[],
): Promise<void> {
  if (points.length === 0) return;
  await manager.query(
    `INSERT INTO registry.metric_point (run_id, key, value, timestamp_ms, step)
     SELECT $1, key, value, at, step FROM ${unnestedPoints} ON CONFLICT DO NOTHING`,
    toColumns(runId, points),
  );
}

/** @param points with one point per key */
async function upsertLatest(
  manager: EntityManager,
  runId: string,
  points: readonly MetricPoint[],
): Promise<void> {
  if (points.length === 0) return;
  await manager.query(
    `INSERT INTO registry.latest_metric (run_id, key, value, timestamp_ms, step)
     SELECT $1, key, value, at, step FROM ${unnestedPoints}
     ON CONFLICT (run_id, key) DO UPDATE
       SET value = excluded.value, timestamp_ms = excluded.timestamp_ms, step = excluded.step
       WHERE (excluded.step, excluded.timestamp_ms, excluded.value) >=
         (latest_metric.step, latest_metric.timestamp_ms, latest_metric.value)`,
    toColumns(runId, points),
  );
}

/** Values are text on the way, so that NaN and infinity arrive. */
function toColumns(runId: string, points: readonly MetricPoint[]): unknown[] {
  return [
    runId,
    points.map(({ key }) => key),
    points.map(({ value }) => String(value)),
    points.map(({ timestamp }) => timestamp),
    points.map(({ step }) => step),
  ];
}
