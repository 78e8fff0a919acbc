import { type Database } from '@headrace/database';
import { type Clock } from '@headrace/kernel';
import { ModelRepository, type ModelVersion, type Page, type Search } from '../../application/ports.js';
import { type AliasSpan } from '../../domain/alias-timeline.js';
import { type KeyValue } from '../../domain/experiment.js';
import { type HistoryEntry, type RegisteredModel } from '../../domain/registered-model.js';
import { AlreadyExistsError, NotFoundError } from '../../domain/registry-errors.js';
import { parseFilter, parseOrder } from '../../domain/search-filter.js';
import {
  Bindings,
  parsePageToken,
  toCondition,
  toOrderBy,
  toPage,
  type Searchable,
} from './filter-to-sql.js';
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

const searchableModels: Searchable = {
  attributes: {
    name: { sql: 'm.name', type: 'text' },
    timestamp: { sql: 'm.updated_ms', type: 'number' },
    last_updated_timestamp: { sql: 'm.updated_ms', type: 'number' },
    creation_timestamp: { sql: 'm.created_ms', type: 'number' },
  },
  keyed: { tag: 'SELECT value FROM registry.model_tag WHERE model_name = m.name AND key =' },
};

const searchableVersions: Searchable = {
  attributes: {
    name: { sql: 'v.model_name', type: 'text' },
    version_number: { sql: 'v.version', type: 'number' },
    version: { sql: 'v.version', type: 'number' },
    run_id: { sql: 'v.run_id', type: 'text' },
    source_path: { sql: 'v.source', type: 'text' },
    creation_timestamp: { sql: 'v.created_ms', type: 'number' },
    last_updated_timestamp: { sql: 'v.updated_ms', type: 'number' },
  },
  keyed: {
    tag: 'SELECT value FROM registry.version_tag WHERE model_name = v.model_name AND version = v.version AND key =',
  },
};

/** The largest `int` of PostgreSQL. */
const maxVersion = 2_147_483_647;

const upsertModelTag = `INSERT INTO registry.model_tag VALUES ($1, $2, $3)
  ON CONFLICT (model_name, key) DO UPDATE SET value = excluded.value`;

export class TypeormModelRepository extends ModelRepository {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  async create(name: string, description: string, tags: readonly KeyValue[]): Promise<RegisteredModel> {
    await this.database.transaction(async ({ manager }) => {
      const created = await manager.query<unknown[]>(
        `INSERT INTO registry.registered_model (name, description, created_ms, updated_ms)
         VALUES ($1, $2, $3, $3) ON CONFLICT (name) DO NOTHING RETURNING name`,
        [name, description, this.now()],
      );
      if (created.length === 0) throw new AlreadyExistsError('model', name);
      for (const { key, value } of tags) {
        await manager.query(upsertModelTag, [name, key, value]);
      }
    });
    return this.load(name);
  }

  async load(name: string): Promise<RegisteredModel> {
    const [row] = await this.database.manager.query<ModelRow[]>(
      `SELECT ${modelColumns} FROM registry.registered_model m WHERE m.name = $1`,
      [name],
    );
    if (row === undefined) throw new NotFoundError('model', name);
    return toRegisteredModel(row);
  }

  async search(search: Search): Promise<Page<RegisteredModel>> {
    const bindings = new Bindings();
    const condition = toCondition(parseFilter(search.filter), searchableModels, bindings);
    const order = toOrderBy(search.orderBy.map(parseOrder), searchableModels, bindings);
    const offset = parsePageToken(search.pageToken);
    const rows = await this.database.manager.query<ModelRow[]>(
      `SELECT ${modelColumns} FROM registry.registered_model m WHERE ${condition}
       ORDER BY ${order === '' ? '' : `${order}, `}m.name
       LIMIT ${bindings.add(search.maxResults + 1)} OFFSET ${bindings.add(offset)}`,
      bindings.values,
    );
    return toPage(rows.map(toRegisteredModel), search.maxResults, offset);
  }

  async describe(name: string, description: string): Promise<RegisteredModel> {
    await this.load(name);
    await this.database.manager.query(
      'UPDATE registry.registered_model SET description = $2, updated_ms = $3 WHERE name = $1',
      [name, description, this.now()],
    );
    return this.load(name);
  }

  async setTag(name: string, key: string, value: string): Promise<void> {
    await this.load(name);
    await this.database.manager.query(upsertModelTag, [name, key, value]);
  }

  async deleteTag(name: string, key: string): Promise<void> {
    await this.database.manager.query('DELETE FROM registry.model_tag WHERE model_name = $1 AND key = $2', [
      name,
      key,
    ]);
  }

  async loadVersion(name: string, version: number): Promise<ModelVersion> {
    const [row] = await this.database.manager.query<VersionRow[]>(
      `SELECT ${versionColumns} FROM registry.model_version v WHERE model_name = $1 AND version = $2`,
      [name, version],
    );
    if (row === undefined) throw new NotFoundError('version', `${name}/${version}`);
    return toModelVersion(row);
  }

  async searchVersions(search: Search): Promise<Page<ModelVersion>> {
    const bindings = new Bindings();
    const condition = toCondition(parseFilter(search.filter), searchableVersions, bindings);
    const order =
      toOrderBy(search.orderBy.map(parseOrder), searchableVersions, bindings) ||
      'v.created_ms DESC, v.model_name';
    const offset = parsePageToken(search.pageToken);
    const rows = await this.database.manager.query<VersionRow[]>(
      `SELECT ${versionColumns} FROM registry.model_version v WHERE ${condition}
       ORDER BY ${order}, v.version DESC
       LIMIT ${bindings.add(search.maxResults + 1)} OFFSET ${bindings.add(offset)}`,
      bindings.values,
    );
    return toPage(rows.map(toModelVersion), search.maxResults, offset);
  }

  async listVersions(
    name: string,
    limit: number,
    before: number | undefined,
  ): Promise<readonly ModelVersion[]> {
    const rows = await this.database.manager.query<VersionRow[]>(
      `SELECT ${versionColumns} FROM registry.model_version v
       WHERE model_name = $1 AND version < $2 ORDER BY version DESC LIMIT $3`,
      [name, before ?? maxVersion, limit],
    );
    return rows.map(toModelVersion);
  }

  async listLatestVersions(name: string, stages: readonly string[]): Promise<readonly ModelVersion[]> {
    await this.load(name);
    const rows = await this.database.manager.query<VersionRow[]>(
      `SELECT DISTINCT ON (v.stage) ${versionColumns} FROM registry.model_version v
       WHERE model_name = $1 AND ($2::text[] = '{}' OR lower(stage) = ANY($2::text[]))
       ORDER BY v.stage, v.version DESC`,
      [name, stages.map((stage) => stage.toLowerCase())],
    );
    return rows.map(toModelVersion);
  }

  async describeVersion(name: string, version: number, description: string): Promise<ModelVersion> {
    await this.loadVersion(name, version);
    await this.database.manager.query(
      `UPDATE registry.model_version SET description = $3, updated_ms = $4
       WHERE model_name = $1 AND version = $2`,
      [name, version, description, this.now()],
    );
    return this.loadVersion(name, version);
  }

  async setVersionTag(name: string, version: number, key: string, value: string): Promise<void> {
    await this.loadVersion(name, version);
    await this.database.manager.query(
      `INSERT INTO registry.version_tag VALUES ($1, $2, $3, $4)
       ON CONFLICT (model_name, version, key) DO UPDATE SET value = excluded.value`,
      [name, version, key, value],
    );
  }

  async deleteVersionTag(name: string, version: number, key: string): Promise<void> {
    await this.database.manager.query(
      'DELETE FROM registry.version_tag WHERE model_name = $1 AND version = $2 AND key = $3',
      [name, version, key],
    );
  }

  async listHistory(name: string, version: number): Promise<readonly HistoryEntry[]> {
    const rows = await this.database.manager.query<
      { at: Date; what: string; reason: string; rollout_id: string | null }[]
    >(
      `SELECT at, what, reason, rollout_id FROM registry.version_history
       WHERE model_name = $1 AND version = $2 ORDER BY id`,
      [name, version],
    );
    return rows.map(({ at, what, reason, rollout_id }) => ({
      at: at.toISOString(),
      what,
      reason,
      rolloutId: rollout_id,
    }));
  }

  async listAliasSpans(name: string, alias: string, at?: Date): Promise<readonly AliasSpan[]> {
    const rows = await this.database.manager.query<SpanRow[]>(
      `SELECT * FROM registry.alias_span WHERE model_name = $1 AND alias = $2
         AND ($3::timestamptz IS NULL OR (valid_from <= $3 AND (valid_until IS NULL OR valid_until > $3)))
       ORDER BY valid_from, id`,
      [name, alias, at ?? null],
    );
    return rows.map(toAliasSpan);
  }

  private now(): number {
    return this.clock.now().getTime();
  }
}
