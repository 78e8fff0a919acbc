import { z } from 'zod';
import { type ListedFile, type ModelVersion, type Search } from '../../application/ports.js';
import { runArtifactRoot, toArtifactUri } from '../../domain/artifact-path.js';
import { type Experiment, type KeyValue } from '../../domain/experiment.js';
import { looksLikePath, modelNamePattern, type RegisteredModel } from '../../domain/registered-model.js';
import { type MetricPoint, type Run } from '../../domain/run.js';

/** A JSON body with the fields of MLflow's protocol. */
export type WireResponse = Readonly<Record<string, unknown>>;

/** Protobuf's JSON writes 64-bit integers as strings and accepts both. */
export const int64 = z.coerce.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);
const specialNumbers: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};
/** Protobuf's JSON writes NaN and infinity as strings. */
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
export const name = text
  .min(1)
  .max(256)
  .regex(modelNamePattern, 'must not hold slashes, backslashes, colons, control or direction characters')
  .refine((value) => !looksLikePath(value), 'must not look like a path')
  .transform((value) => value.normalize('NFC'));
export const tag = z.object({ key, value: text.max(8_000).default('') });
export const param = z.object({ key, value: text.max(6_000).default('') });
export const metric = z.object({ key, value: double, timestamp: int64, step: int64.default(0) });
export const viewType = z.enum(['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL']).default('ACTIVE_ONLY');
/** A query parameter that occurs once is a string; otherwise it is a list. */
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

function toPairs(record: Readonly<Record<string, string>>): KeyValue[] {
  return Object.entries(record)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([pairKey, value]) => ({ key: pairKey, value }));
}

function toWireNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

export function toWireMetric(point: MetricPoint): WireResponse {
  return { ...point, value: toWireNumber(point.value) };
}

export function toWireExperiment(experiment: Experiment): WireResponse {
  return {
    experiment_id: experiment.id,
    name: experiment.name,
    artifact_location: experiment.artifactLocation ?? toArtifactUri(experiment.id),
    lifecycle_stage: experiment.lifecycleStage,
    creation_time: experiment.createdMs,
    last_update_time: experiment.updatedMs,
    tags: toPairs(experiment.tags),
  };
}

export function toWireRunInfo(run: Run): WireResponse {
  return {
    run_id: run.id,
    run_uuid: run.id,
    run_name: run.name,
    experiment_id: run.experimentId,
    user_id: run.userId,
    status: run.status,
    ...(run.startMs === undefined ? {} : { start_time: run.startMs }),
    ...(run.endMs === undefined ? {} : { end_time: run.endMs }),
    artifact_uri: toArtifactUri(runArtifactRoot(run.experimentId, run.id)),
    lifecycle_stage: run.lifecycleStage,
  };
}

export function toWireRun(run: Run): WireResponse {
  return {
    info: toWireRunInfo(run),
    data: {
      metrics: run.latestMetrics.map(toWireMetric),
      params: toPairs(run.params),
      tags: toPairs(run.tags),
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
