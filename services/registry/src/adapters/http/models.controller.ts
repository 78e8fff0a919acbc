import { zod } from '@headrace/service-host';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { ModelRepository, type ModelVersion } from '../../application/ports.js';
import { findSpanAt, type AliasSpan } from '../../domain/alias-timeline.js';
import { findAliasesOf, type RegisteredModel } from '../../domain/registered-model.js';
import { NotFoundError } from '../../domain/registry-errors.js';
import { type WireResponse } from './mlflow-wire.js';

const versionsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  before: z.coerce.number().int().positive().optional(),
});
const modelsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  pageToken: z.string().optional(),
});
const instantQuery = z.object({ at: z.iso.datetime({ offset: true }).optional() });
const versionNumber = z.coerce.number().int().positive().max(2_147_483_647);

/** What MLflow's API has no place for: evidence, stability, and which version was live when. */
@Controller('v1/models')
export class ModelsController {
  constructor(private readonly models: ModelRepository) {}

  @Get()
  async list(
    @Query(zod(modelsQuery)) { limit, pageToken }: z.output<typeof modelsQuery>,
  ): Promise<WireResponse> {
    const { items, nextPageToken } = await this.models.search({
      filter: undefined,
      orderBy: [],
      maxResults: limit,
      pageToken,
    });
    return { models: items, nextPageToken };
  }

  @Get(':name/versions')
  async versions(
    @Param('name') name: string,
    @Query(zod(versionsQuery)) { limit, before }: z.output<typeof versionsQuery>,
  ): Promise<WireResponse> {
    const model = await this.models.load(name);
    const versions = await this.models.listVersions(name, limit, before);
    return { modelName: name, versions: versions.map((version) => toVersionView(version, model)) };
  }

  @Get(':name/versions/:version')
  async version(
    @Param('name') name: string,
    @Param('version', zod(versionNumber)) number: number,
  ): Promise<WireResponse> {
    const model = await this.models.load(name);
    const version = await this.models.loadVersion(name, number);
    return { ...toVersionView(version, model), history: await this.models.listHistory(name, number) };
  }

  @Get(':name/aliases')
  async aliases(@Param('name') name: string): Promise<WireResponse> {
    return { modelName: name, aliases: (await this.models.load(name)).aliases };
  }

  @Get(':name/aliases/:alias')
  async alias(
    @Param('name') name: string,
    @Param('alias') alias: string,
    @Query(zod(instantQuery)) { at }: z.output<typeof instantQuery>,
  ): Promise<WireResponse> {
    await this.models.load(name);
    const spans = await this.models.listAliasSpans(name, alias, at === undefined ? undefined : new Date(at));
    const span =
      at === undefined ? spans.find(({ until }) => until === undefined) : findSpanAt(spans, new Date(at));
    if (span?.version === undefined) {
      throw new NotFoundError('alias', `${name}/${alias}${at === undefined ? '' : ` at ${at}`}`);
    }
    return toSpanView(span);
  }

  @Get(':name/aliases/:alias/history')
  async history(@Param('name') name: string, @Param('alias') alias: string): Promise<WireResponse> {
    return { modelName: name, alias, spans: (await this.models.listAliasSpans(name, alias)).map(toSpanView) };
  }
}

function toVersionView(version: ModelVersion, model: RegisteredModel) {
  return {
    ...version,
    aliases: findAliasesOf(model, version.version),
    stability: version.unstableSince === undefined ? 'stable' : 'unstable',
  };
}

function toSpanView(span: AliasSpan) {
  return {
    modelName: span.modelName,
    alias: span.alias,
    modelVersion: span.version ?? null,
    from: span.from.toISOString(),
    until: span.until?.toISOString() ?? null,
    reason: span.reason,
    rolloutId: span.rolloutId ?? null,
  };
}
