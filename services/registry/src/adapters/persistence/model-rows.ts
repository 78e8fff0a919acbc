import { type ModelVersion } from '../../application/ports.js';
import { type AliasSpan } from '../../domain/alias-timeline.js';
import { type ModelAlias, type RegisteredModel } from '../../domain/registered-model.js';

export interface ModelRow {
  readonly name: string;
  readonly description: string;
  readonly created_ms: string;
  readonly updated_ms: string;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly aliases: readonly ModelAlias[] | null;
}

export interface VersionRow {
  readonly model_name: string;
  readonly version: number;
  readonly description: string;
  readonly user_id: string;
  readonly stage: string;
  readonly source: string;
  readonly run_id: string | null;
  readonly run_link: string;
  readonly digest: string;
  readonly artifact_key: string;
  readonly onnx: boolean;
  readonly artifacts: ModelVersion['artifacts'];
  readonly feature_names: string[];
  readonly members: ModelVersion['members'];
  readonly label: string;
  readonly metrics: ModelVersion['metrics'];
  readonly evidence: ModelVersion['evidence'];
  readonly training: unknown;
  readonly validated: boolean;
  readonly unstable_since: Date | null;
  readonly unstable_reason: string | null;
  readonly created_ms: string;
  readonly updated_ms: string;
  readonly tags: Record<string, string> | null;
}

export interface SpanRow {
  readonly model_name: string;
  readonly alias: string;
  readonly version: number | null;
  readonly valid_from: Date;
  readonly valid_until: Date | null;
  readonly reason: string;
  readonly rollout_id: string | null;
}

/** Selected from `registry.registered_model m`. */
export const modelColumns = `m.*,
  (SELECT jsonb_object_agg(key, value) FROM registry.model_tag WHERE model_name = m.name) AS tags,
  (SELECT jsonb_agg(jsonb_build_object('alias', alias, 'version', version) ORDER BY alias)
   FROM registry.alias_span WHERE model_name = m.name AND valid_until IS NULL) AS aliases`;

/** Selected from `registry.model_version v`. */
export const versionColumns = `v.*, (
  SELECT jsonb_object_agg(t.key, t.value) FROM registry.version_tag t
  WHERE t.model_name = v.model_name AND t.version = v.version
) AS tags`;

export function toRegisteredModel(row: ModelRow): RegisteredModel {
  return {
    name: row.name,
    description: row.description,
    createdMs: Number(row.created_ms),
    updatedMs: Number(row.updated_ms),
    tags: row.tags ?? {},
    aliases: row.aliases ?? [],
  };
}

export function toModelVersion(row: VersionRow): ModelVersion {
  return {
    modelName: row.model_name,
    version: row.version,
    description: row.description,
    userId: row.user_id,
    stage: row.stage,
    source: row.source,
    runId: row.run_id ?? undefined,
    runLink: row.run_link,
    tags: row.tags ?? {},
    digest: row.digest,
    artifactKey: row.artifact_key,
    onnx: row.onnx,
    artifacts: row.artifacts,
    featureNames: row.feature_names,
    members: row.members,
    label: row.label,
    metrics: row.metrics,
    evidence: row.evidence,
    training: row.training ?? undefined,
    validated: row.validated,
    unstableSince: row.unstable_since ?? undefined,
    unstableReason: row.unstable_reason ?? undefined,
    createdAt: new Date(Number(row.created_ms)),
    updatedAt: new Date(Number(row.updated_ms)),
  };
}

export function toAliasSpan(row: SpanRow): AliasSpan {
  return {
    modelName: row.model_name,
    alias: row.alias,
    version: row.version ?? undefined,
    from: row.valid_from,
    until: row.valid_until ?? undefined,
    reason: row.reason,
    rolloutId: row.rollout_id ?? undefined,
  };
}
