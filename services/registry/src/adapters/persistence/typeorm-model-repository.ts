import { type Database } from '@headrace/database';
import { isAppError, type Clock } from '@headrace/kernel';
import { type ModelVersion } from '../../application/ports.js';
import { type AliasSpan } from '../../domain/alias-timeline.js';
import { AlreadyExistsError, NotFoundError, InvalidStateError } from '../../domain/registry-errors.js';
import { parseFilter, parseOrder } from '../../domain/search-filter.js';
import {
  Bindings,
  toCondition,
  parsePageToken,
  toOrderBy,
  toPage,
  type Searchable,
} from './filter-to-sql.js';
import { type KeyValue, type Search } from './typeorm-run-repository.js';
import {
  toAliasSpan,
  versionColumns,
  toModelVersion,
  type SpanRow,
  type VersionRow,
} from './version-rows.js';

export interface RegisteredModel {
  readonly name: string;
  readonly description: string;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly aliases: readonly { readonly alias: string; readonly version: number }[];
}

export interface HistoryEntry {
  readonly at: string;
  readonly what: string;
  readonly reason: string;
  readonly rolloutId: string | null;
}

interface ModelRow {
  readonly name: string;
  readonly description: string;
  readonly created_ms: string;
  readonly updated_ms: string;
  readonly tags: Record<string, string> | null;
  readonly aliases: { alias: string; version: number }[] | null;
}

const models: Searchable = {
  attributes: {
    name: { sql: 'm.name', type: 'text' },
    timestamp: { sql: 'm.updated_ms', type: 'number' },
    last_updated_timestamp: { sql: 'm.updated_ms', type: 'number' },
    creation_timestamp: { sql: 'm.created_ms', type: 'number' },
  },
  keyed: { tag: 'SELECT value FROM registry.model_tag WHERE model_name = m.name AND key =' },
};

const versions: Searchable = {
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

const modelColumns = `m.*,
  (SELECT jsonb_object_agg(key, value) FROM registry.model_tag WHERE model_name = m.name) AS tags,
  (SELECT jsonb_agg(jsonb_build_object('alias', alias, 'version', version) ORDER BY alias)
   FROM registry.alias_span WHERE model_name = m.name AND valid_until IS NULL) AS aliases`;

/** Models and versions as the registry half of MLflow keeps them, and the history of aliases. */
export class TypeormModelRepository {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async createModel(name: string, description: string, tags: readonly KeyValue[]): Promise<RegisteredModel> {
    try {
      await this.database.transaction(async ({ manager }) => {
        await manager.query(
          'INSERT INTO registry.registered_model (name, description, created_ms, updated_ms) VALUES ($1, $2, $3, $3)',
          [name, description, this.now()],
        );
        for (const { key, value } of tags) {
          await manager.query('INSERT INTO registry.model_tag VALUES ($1, $2, $3)', [name, key, value]);
        }
      });
    } catch (error) {
      if (isAppError(error) && error.kind === 'conflict') throw new AlreadyExistsError('model', name);
      throw error;
    }
    return this.model(name);
  }

  async model(name: string): Promise<RegisteredModel> {
    const [row] = await this.database.manager.query<ModelRow[]>(
      `SELECT ${modelColumns} FROM registry.registered_model m WHERE m.name = $1`,
      [name],
    );
    if (row === undefined) throw new NotFoundError('model', name);
    return modelOf(row);
  }

  async searchModels(
    search: Search,
  ): Promise<{ rows: readonly RegisteredModel[]; nextPageToken: string | undefined }> {
    const bound = new Bindings();
    const condition = toCondition(parseFilter(search.filter), models, bound);
    const order = toOrderBy(search.orderBy.map(parseOrder), models, bound);
    const offset = parsePageToken(search.pageToken);
    const rows = await this.database.manager.query<ModelRow[]>(
      `SELECT ${modelColumns} FROM registry.registered_model m WHERE ${condition}
       ORDER BY ${order === '' ? '' : `${order}, `}m.name
       LIMIT ${bound.add(search.maxResults + 1)} OFFSET ${bound.add(offset)}`,
      bound.values,
    );
    return toPage(rows.map(modelOf), search.maxResults, offset);
  }

  /** Its versions and tags move along; the history of aliases is told under the new name, too. */
  async renameModel(name: string, newName: string): Promise<RegisteredModel> {
    await this.model(name);
    try {
      await this.database.transaction(async ({ manager }) => {
        const open = await manager.query<unknown[]>(
          'SELECT 1 FROM registry.alias_span WHERE model_name = $1 AND valid_until IS NULL',
          [name],
        );
        if (open.length > 0) {
          throw new InvalidStateError(
            `Model ${name} has aliases that others follow; delete them before renaming it`,
          );
        }
        await manager.query(
          'UPDATE registry.registered_model SET name = $2, updated_ms = $3 WHERE name = $1',
          [name, newName, this.now()],
        );
        await manager.query('UPDATE registry.alias_span SET model_name = $2 WHERE model_name = $1', [
          name,
          newName,
        ]);
        await manager.query('UPDATE registry.version_history SET model_name = $2 WHERE model_name = $1', [
          name,
          newName,
        ]);
      });
    } catch (error) {
      if (isAppError(error) && error.code === 'DATABASE_CONFLICT') {
        throw new AlreadyExistsError('model', newName);
      }
      throw error;
    }
    return this.model(newName);
  }

  async describeModel(name: string, description: string): Promise<RegisteredModel> {
    await this.model(name);
    await this.database.manager.query(
      'UPDATE registry.registered_model SET description = $2, updated_ms = $3 WHERE name = $1',
      [name, description, this.now()],
    );
    return this.model(name);
  }

  async deleteModel(name: string): Promise<void> {
    const model = await this.model(name);
    if (model.aliases.length > 0) {
      throw new InvalidStateError(
        `Model ${name} has aliases (${model.aliases.map(({ alias }) => alias).join(', ')}); delete them first`,
      );
    }
    await this.database.manager.query('DELETE FROM registry.registered_model WHERE name = $1', [name]);
  }

  async setModelTag(name: string, key: string, value: string): Promise<void> {
    await this.model(name);
    await this.database.manager.query(
      `INSERT INTO registry.model_tag VALUES ($1, $2, $3)
       ON CONFLICT (model_name, key) DO UPDATE SET value = excluded.value`,
      [name, key, value],
    );
  }

  async deleteModelTag(name: string, key: string): Promise<void> {
    await this.database.manager.query('DELETE FROM registry.model_tag WHERE model_name = $1 AND key = $2', [
      name,
      key,
    ]);
  }

  async version(name: string, version: number): Promise<ModelVersion> {
    const [row] = await this.database.manager.query<VersionRow[]>(
      `SELECT ${versionColumns} FROM registry.model_version v WHERE model_name = $1 AND version = $2`,
      [name, version],
    );
    if (row === undefined) throw new NotFoundError('version', `${name}/${version}`);
    return toModelVersion(row);
  }

  async searchVersions(
    search: Search,
  ): Promise<{ rows: readonly ModelVersion[]; nextPageToken: string | undefined }> {
    const bound = new Bindings();
    const condition = toCondition(parseFilter(search.filter), versions, bound);
    const order =
      toOrderBy(search.orderBy.map(parseOrder), versions, bound) || 'v.created_ms DESC, v.model_name';
    const offset = parsePageToken(search.pageToken);
    const rows = await this.database.manager.query<VersionRow[]>(
      `SELECT ${versionColumns} FROM registry.model_version v WHERE ${condition}
       ORDER BY ${order}, v.version DESC
       LIMIT ${bound.add(search.maxResults + 1)} OFFSET ${bound.add(offset)}`,
      bound.values,
    );
    return toPage(rows.map(toModelVersion), search.maxResults, offset);
  }

  /** Newest first. */
  async versionsOf(
    name: string,
    limit: number,
    before: number | undefined,
  ): Promise<readonly ModelVersion[]> {
    const rows = await this.database.manager.query<VersionRow[]>(
      `SELECT ${versionColumns} FROM registry.model_version v
       WHERE model_name = $1 AND version < $2 ORDER BY version DESC LIMIT $3`,
      [name, before ?? 2_147_483_647, limit],
    );
    return rows.map(toModelVersion);
  }

  async latestVersions(name: string, stages: readonly string[]): Promise<readonly ModelVersion[]> {
    await this.model(name);
    const rows = await this.database.manager.query<VersionRow[]>(
      `SELECT DISTINCT ON (v.stage) ${versionColumns} FROM registry.model_version v
       WHERE model_name = $1 AND ($2::text[] = '{}' OR lower(stage) = ANY($2::text[]))
       ORDER BY v.stage, v.version DESC`,
      [name, stages.map((stage) => stage.toLowerCase())],
    );
    return rows.map(toModelVersion);
  }

  async describeVersion(name: string, version: number, description: string): Promise<ModelVersion> {
    await this.version(name, version);
    await this.database.manager.query(
      `UPDATE registry.model_version SET description = $3, updated_ms = $4
       WHERE model_name = $1 AND version = $2`,
      [name, version, description, this.now()],
    );
    return this.version(name, version);
  }

  async moveToStage(
    name: string,
    version: number,
    stage: string,
    archiveOthers: boolean,
  ): Promise<ModelVersion> {
    await this.version(name, version);
    await this.database.transaction(async ({ manager }) => {
      if (archiveOthers) {
        await manager.query(
          `UPDATE registry.model_version SET stage = 'Archived', updated_ms = $4
           WHERE model_name = $1 AND version <> $2 AND stage = $3`,
          [name, version, stage, this.now()],
        );
      }
      await manager.query(
        'UPDATE registry.model_version SET stage = $3, updated_ms = $4 WHERE model_name = $1 AND version = $2',
        [name, version, stage, this.now()],
      );
      await manager.query(
        `INSERT INTO registry.version_history (model_name, version, at, what, reason) VALUES ($1, $2, $3, $4, '')`,
        [name, version, this.clock.now(), `stage ${stage}`],
      );
    });
    return this.version(name, version);
  }

  async deleteVersion(name: string, version: number): Promise<void> {
    await this.version(name, version);
    await this.database.transaction(async ({ manager }) => {
      const open = await manager.query<{ alias: string }[]>(
        `SELECT alias FROM registry.alias_span
         WHERE model_name = $1 AND version = $2 AND valid_until IS NULL FOR UPDATE`,
        [name, version],
      );
      if (open.length > 0) {
        throw new InvalidStateError(
          `Version ${version} of ${name} is in use as ${open.map(({ alias }) => alias).join(', ')}; move the alias first`,
        );
      }
      await manager.query('DELETE FROM registry.model_version WHERE model_name = $1 AND version = $2', [
        name,
        version,
      ]);
      await manager.query(
        `INSERT INTO registry.version_history (model_name, version, at, what, reason) VALUES ($1, $2, $3, 'deleted', '')`,
        [name, version, this.clock.now()],
      );
    });
  }

  async setVersionTag(name: string, version: number, key: string, value: string): Promise<void> {
    await this.version(name, version);
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

  async versionHistory(name: string, version: number): Promise<readonly HistoryEntry[]> {
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

  /** All spans of an alias, oldest first; with an instant, only those that touch it. */
  async aliasSpans(name: string, alias: string, at?: Date): Promise<readonly AliasSpan[]> {
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

function modelOf(row: ModelRow): RegisteredModel {
  return {
    name: row.name,
    description: row.description,
    createdMs: Number(row.created_ms),
    updatedMs: Number(row.updated_ms),
    tags: row.tags ?? {},
    aliases: row.aliases ?? [],
  };
}
