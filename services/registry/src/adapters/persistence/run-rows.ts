import { type EntityManager } from 'typeorm';
import { type KeyValue, type LifecycleStage } from '../../domain/experiment.js';
import { type Run } from '../../domain/run.js';

export interface RunRow {
  readonly id: string;
  readonly experiment_id: string;
  readonly name: string;
  readonly user_id: string;
  readonly status: string;
  readonly start_ms: string | null;
  readonly end_ms: string | null;
  readonly lifecycle_stage: LifecycleStage;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly params: Readonly<Record<string, string>> | null;
  readonly metrics: readonly { key: string; value: string; timestamp: number; step: number }[] | null;
}

/**
 * Selected from `registry.run r`. Metric values are text because JSON has no NaN. The points of a metric are not read,
 * only its latest.
 */
export const runColumns = `r.*, r.experiment_id::text AS experiment_id,
  (SELECT jsonb_object_agg(key, value) FROM registry.run_tag WHERE run_id = r.id) AS tags,
  (SELECT jsonb_object_agg(key, value) FROM registry.run_param WHERE run_id = r.id) AS params,
  (SELECT jsonb_agg(jsonb_build_object('key', key, 'value', value::text, 'timestamp', timestamp_ms, 'step', step))
   FROM registry.latest_metric WHERE run_id = r.id) AS metrics`;

export function toRun(row: RunRow): Run {
  return {
    id: row.id,
    experimentId: row.experiment_id,
    name: row.name,
    userId: row.user_id,
    status: row.status,
    startMs: toNumber(row.start_ms),
    endMs: toNumber(row.end_ms),
    lifecycleStage: row.lifecycle_stage,
    tags: row.tags ?? {},
    params: row.params ?? {},
    latestMetrics: (row.metrics ?? []).map((point) => ({ ...point, value: Number(point.value) })),
  };
}

/** @param pairs with one value per key */
export async function upsertRunPairs(
  manager: EntityManager,
  table: 'run_param' | 'run_tag',
  runId: string,
  pairs: readonly KeyValue[],
): Promise<void> {
  if (pairs.length === 0) return;
  await manager.query(
    `INSERT INTO registry.${table} (run_id, key, value)
     SELECT $1, key, value FROM unnest($2::text[], $3::text[]) AS pair (key, value)
     ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value`,
    [runId, pairs.map(({ key }) => key), pairs.map(({ value }) => value)],
  );
}

function toNumber(bigint: string | null): number | undefined {
  return bigint === null ? undefined : Number(bigint);
}
