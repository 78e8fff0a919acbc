import { z } from 'zod';
import { type ModelVersion } from '../../application/ports.js';
import { toArtifactUri, runArtifactRoot } from '../../domain/artifact-path.js';
import { type ListedFile } from '../persistence/content-addressed-artifact-store.js';
import { type RegisteredModel } from '../persistence/typeorm-model-repository.js';
import {
  type ExperimentRow,
  type KeyValue,
  type MetricPoint,
  type RunRow,
  type Search,
} from '../persistence/typeorm-run-repository.js';

/** What leaves as JSON; its fields are those of MLflow's protocol. */
export type WireResponse = Readonly<Record<string, unknown>>;

/** Protobuf's JSON writes 64-bit integers as text and accepts both. */
export const int64 = z.coerce.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);
const specialNumbers: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};
/** Protobuf's JSON writes what JSON has no number for as text. */
export const double = z.union([
  z.number(),
  z.string().transform((text, context) => {
    const value = Object.hasOwn(specialNumbers, text) ? specialNumbers[text] : Number(text || 'x');
    if (value !== undefined && (text === 'NaN' || !Number.isNaN(value))) return value;
    context.addIssue({ code: 'custom', message: `"${text.slice(0, 40)}" is not a number` });
    return z.NEVER;
  }),
]);

export const text = z
  .string()
  .max(100_000)
  .regex(/^[^\u0000]*$/, 'must not hold NUL');
export const key = text.min(1).max(250);
/** Names appear in paths, headers and pages. */
export const name = text
  .min(1)
  .max(256)
  .regex(
    /^[^/\\:\p{Cc}\p{Cf}]*$/u,
    'must not hold slashes, backslashes, colons, control or direction characters',
  )
  .refine((value) => !/^\.+$/.test(value) && !/%(2f|5c|2e|25|00)/i.test(value), 'must not look like a path')
  .transform((value) => value.normalize('NFC'));
export const tag = z.object({ key, value: text.max(8_000).default('') });
export const param = z.object({ key, value: text.max(6_000).default('') });
export const metric = z.object({ key, value: double, timestamp: int64, step: int64.default(0) });
export const viewType = z.enum(['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL']).default('ACTIVE_ONLY');
/** A query parameter that occurs once is text, more often a list. */
const list = z.union([z.array(text).max(50), text.transform((one) => [one])]).default([]);

export const search = (maxResults: number, defaultResults: number): z.ZodType<Search> =>
  z
    .object({
      filter: text.max(10_000).optional(),
      filter_string: text.max(10_000).optional(),
      order_by: list,
      max_results: z.coerce.number().int().min(1).max(maxResults).default(defaultResults),
      page_token: text.max(200).optional(),
    })
    .transform((query): Search => ({
      filter: query.filter ?? query.filter_string,
      orderBy: query.order_by,
      maxResults: query.max_results,
      pageToken: query.page_token,
    }));

function toPairs(record: Readonly<Record<string, string>> | null): KeyValue[] {
  return Object.entries(record ?? {})
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([pairKey, value]) => ({ key: pairKey, value }));
}

function toWireNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

export function toWireMetric(point: MetricPoint): WireResponse {
  return { ...point, value: toWireNumber(point.value) };
}

export function toWireExperiment(row: ExperimentRow): WireResponse {
  return {
    experiment_id: row.id,
    name: row.name,
    artifact_location: row.artifact_location ?? toArtifactUri(row.id),
    lifecycle_stage: row.lifecycle_stage,
    creation_time: Number(row.created_ms),
    last_update_time: Number(row.updated_ms),
    tags: toPairs(row.tags),
  };
}

export function toWireRunInfo(row: RunRow): WireResponse {
  return {
    run_id: row.id,
    run_uuid: row.id,
    run_name: row.name,
    experiment_id: row.experiment_id,
    user_id: row.user_id,
    status: row.status,
    ...(row.start_ms === null ? {} : { start_time: Number(row.start_ms) }),
    ...(row.end_ms === null ? {} : { end_time: Number(row.end_ms) }),
    artifact_uri: toArtifactUri(runArtifactRoot(row.experiment_id, row.id)),
    lifecycle_stage: row.lifecycle_stage,
  };
}

export function toWireRun(row: RunRow): WireResponse {
  return {
    info: toWireRunInfo(row),
    data: {
      metrics: (row.metrics ?? []).map((point) => ({ ...point, value: toWireNumber(Number(point.value)) })),
      params: toPairs(row.params),
      tags: toPairs(row.tags),
    },
    inputs: {},
  };
}

export function toWireModel(model: RegisteredModel, latest: readonly ModelVersion[] = []): WireResponse {
  return {
    name: model.name,
    description: model.description,
    creation_timestamp: model.createdMs,
    last_updated_timestamp: model.updatedMs,
    tags: toPairs(model.tags),
    aliases: model.aliases.map(({ alias, version }) => ({ alias, version: String(version) })),
    latest_versions: latest.map((version) => toWireVersion(version)),
  };
}

export function toWireVersion(version: ModelVersion, aliases: readonly string[] = []): WireResponse {
  return {
    name: version.modelName,
    version: String(version.version),
    creation_timestamp: version.createdAt.getTime(),
    last_updated_timestamp: version.updatedAt.getTime(),
    user_id: version.userId,
    current_stage: version.stage,
    description: version.description,
    source: version.source,
    run_id: version.runId ?? '',
    run_link: version.runLink,
    status: 'READY',
    tags: toPairs({
      ...version.tags,
      'headrace.digest': version.digest,
      'headrace.validated': String(version.validated),
      ...(version.unstableSince === undefined
        ? {}
        : { 'headrace.unstable': version.unstableReason ?? 'true' }),
    }),
    aliases,
  };
}

export function toWireFile(file: ListedFile, folder: string): WireResponse {
  return {
    path: folder === '' ? file.name : `${folder}/${file.name}`,
    is_dir: file.isDirectory,
    ...(file.size === undefined ? {} : { file_size: file.size }),
  };
}
