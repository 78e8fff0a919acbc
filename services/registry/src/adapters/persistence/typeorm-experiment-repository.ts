import { type Database } from '@headrace/database';
import { type Clock } from '@headrace/kernel';
import { ExperimentRepository, type Page, type Search, type ViewType } from '../../application/ports.js';
import { type Experiment, type KeyValue, type LifecycleStage } from '../../domain/experiment.js';
import { AlreadyExistsError, NotFoundError } from '../../domain/registry-errors.js';
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

interface ExperimentRow {
  readonly id: string;
  readonly name: string;
  readonly artifact_location: string | null;
  readonly lifecycle_stage: LifecycleStage;
  readonly created_ms: string;
  readonly updated_ms: string;
  readonly tags: Readonly<Record<string, string>> | null;
}

const searchable: Searchable = {
  attributes: {
    name: { sql: 'e.name', type: 'text' },
    experiment_id: { sql: 'e.id', type: 'number' },
    creation_time: { sql: 'e.created_ms', type: 'number' },
    last_update_time: { sql: 'e.updated_ms', type: 'number' },
  },
  keyed: { tag: 'SELECT value FROM registry.experiment_tag WHERE experiment_id = e.id AND key =' },
};

const experimentColumns = `e.*, e.id::text AS id, (
  SELECT jsonb_object_agg(key, value) FROM registry.experiment_tag WHERE experiment_id = e.id
) AS tags`;

export class TypeormExperimentRepository extends ExperimentRepository {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  create(name: string, location: string | undefined, tags: readonly KeyValue[]): Promise<string> {
    return this.database.transaction(async ({ manager }) => {
      const [created] = await manager.query<{ id: string }[]>(
        `INSERT INTO registry.experiment (name, artifact_location, created_ms, updated_ms)
         VALUES ($1, $2, $3, $3) ON CONFLICT (name) DO NOTHING RETURNING id::text AS id`,
        [name, location ?? null, this.now()],
      );
      if (created === undefined) throw new AlreadyExistsError('experiment', name);
      for (const { key, value } of tags) {
        await manager.query(upsertTag, [created.id, key, value]);
      }
      return created.id;
    });
  }

  load(id: string): Promise<Experiment> {
    return this.loadWhere('e.id::text = $1', id);
  }

  loadByName(name: string): Promise<Experiment> {
    return this.loadWhere('e.name = $1', name);
  }

  async search(search: Search, view: ViewType): Promise<Page<Experiment>> {
    const bindings = new Bindings();
    const condition = toCondition(parseFilter(search.filter), searchable, bindings);
    const order = toOrderBy(search.orderBy.map(parseOrder), searchable, bindings) || 'e.updated_ms DESC';
    const offset = parsePageToken(search.pageToken);
    const rows = await this.database.manager.query<ExperimentRow[]>(
      `SELECT ${experimentColumns} FROM registry.experiment e
       WHERE ${condition} AND ${toStageCondition('e', view)} ORDER BY ${order}, e.id
       LIMIT ${bindings.add(search.maxResults + 1)} OFFSET ${bindings.add(offset)}`,
      bindings.values,
    );
    return toPage(rows.map(toExperiment), search.maxResults, offset);
  }

  async rename(id: string, name: string): Promise<void> {
    await this.load(id);
    await this.database.manager.query(
      'UPDATE registry.experiment SET name = $2, updated_ms = $3 WHERE id = $1::bigint',
      [id, name, this.now()],
    );
  }

  async setLifecycleStage(id: string, stage: LifecycleStage): Promise<void> {
    await this.load(id);
    await this.database.manager.query(
      'UPDATE registry.experiment SET lifecycle_stage = $2, updated_ms = $3 WHERE id = $1::bigint',
      [id, stage, this.now()],
    );
  }

  async setTag(id: string, key: string, value: string): Promise<void> {
    await this.load(id);
    await this.database.manager.query(upsertTag, [id, key, value]);
  }

  private async loadWhere(condition: string, value: string): Promise<Experiment> {
    const [row] = await this.database.manager.query<ExperimentRow[]>(
      `SELECT ${experimentColumns} FROM registry.experiment e WHERE ${condition}`,
      [value],
    );
    if (row === undefined) throw new NotFoundError('experiment', value);
    return toExperiment(row);
  }

  private now(): number {
    return this.clock.now().getTime();
  }
}

const upsertTag = `INSERT INTO registry.experiment_tag VALUES ($1, $2, $3)
  ON CONFLICT (experiment_id, key) DO UPDATE SET value = excluded.value`;

function toExperiment(row: ExperimentRow): Experiment {
  return {
    id: row.id,
    name: row.name,
    artifactLocation: row.artifact_location ?? undefined,
    lifecycleStage: row.lifecycle_stage,
    createdMs: Number(row.created_ms),
    updatedMs: Number(row.updated_ms),
    tags: row.tags ?? {},
  };
}
