import { zod } from '@headrace/service-host';
import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query, UseFilters } from '@nestjs/common';
import { z } from 'zod';
import { CreateVersionFromSource } from '../../application/create-version-from-source.js';
import { type ModelVersion } from '../../application/ports.js';
import { toArtifactUri, normalizeArtifactPath } from '../../domain/artifact-path.js';
import { TypeormModelRepository } from '../persistence/typeorm-model-repository.js';
import { TypeormRunRepository } from '../persistence/typeorm-run-repository.js';
import { MlflowErrorFilter } from './mlflow-errors.js';
import { key, name, search, tag, text, toWireVersion, type WireResponse } from './mlflow-wire.js';

const create = z.object({
  name,
  source: text.min(1).max(2_000),
  run_id: text.max(250).optional(),
  run_link: text.max(2_000).default(''),
  description: text.max(10_000).default(''),
  tags: z.array(tag).max(100).default([]),
});
const one = z.object({ name, version: z.coerce.number().int().positive() });
const describe = one.extend({ description: text.max(10_000).default('') });
const stage = one.extend({
  stage: text
    .transform((value) => value.charAt(0).toUpperCase() + value.slice(1).toLowerCase())
    .pipe(z.enum(['None', 'Staging', 'Production', 'Archived'])),
  archive_existing_versions: z.boolean().default(false),
});
const setTag = one.extend({ key, value: text.max(8_000).default('') });
const deleteTag = one.extend({ key });
const searching = search(200_000, 10_000);

/** MLflow model registry: versions. */
@Controller('api/2.0/mlflow/model-versions')
@UseFilters(MlflowErrorFilter)
export class ModelVersionsController {
  constructor(
    private readonly models: TypeormModelRepository,
    private readonly tracking: TypeormRunRepository,
    private readonly createVersion: CreateVersionFromSource,
  ) {}

  @Post('create')
  @HttpCode(200)
  async create(@Body(zod(create)) body: z.output<typeof create>): Promise<WireResponse> {
    const version = await this.createVersion.execute({
      modelName: body.name,
      source: await this.resolveSource(body.source),
      runId: body.run_id || undefined,
      runLink: body.run_link,
      description: body.description,
      tags: Object.fromEntries(body.tags.map(({ key: tagKey, value }) => [tagKey, value])),
    });
    return { model_version: toWireVersion(version) };
  }

  @Get('get')
  async get(@Query(zod(one)) query: z.output<typeof one>): Promise<WireResponse> {
    return { model_version: await this.withAliases(await this.models.version(query.name, query.version)) };
  }

  @Get('search')
  async search(@Query(zod(searching)) query: z.output<typeof searching>): Promise<WireResponse> {
    const { rows, nextPageToken } = await this.models.searchVersions(query);
    return { model_versions: rows.map((version) => toWireVersion(version)), next_page_token: nextPageToken };
  }

  @Patch('update')
  async update(@Body(zod(describe)) body: z.output<typeof describe>): Promise<WireResponse> {
    const version = await this.models.describeVersion(body.name, body.version, body.description);
    return { model_version: await this.withAliases(version) };
  }

  @Delete('delete')
  async delete(@Body(zod(one)) body: z.output<typeof one>): Promise<WireResponse> {
    await this.models.deleteVersion(body.name, body.version);
    return {};
  }

  @Get('get-download-uri')
  async downloadUri(@Query(zod(one)) query: z.output<typeof one>): Promise<WireResponse> {
    return { artifact_uri: (await this.models.version(query.name, query.version)).source };
  }

  @Post('transition-stage')
  @HttpCode(200)
  async transition(@Body(zod(stage)) body: z.output<typeof stage>): Promise<WireResponse> {
    const { name: modelName, version, stage: target, archive_existing_versions: archive } = body;
    return {
      model_version: await this.withAliases(
        await this.models.moveToStage(modelName, version, target, archive),
      ),
    };
  }

  @Post('set-tag')
  @HttpCode(200)
  async setTag(@Body(zod(setTag)) body: z.output<typeof setTag>): Promise<WireResponse> {
    await this.models.setVersionTag(body.name, body.version, body.key, body.value);
    return {};
  }

  @Delete('delete-tag')
  async deleteTag(@Body(zod(deleteTag)) body: z.output<typeof deleteTag>): Promise<WireResponse> {
    await this.models.deleteVersionTag(body.name, body.version, body.key);
    return {};
  }

  /** `runs:/ID/path` names artifacts of a run; `models:/NAME/VERSION` those of another version. */
  private async resolveSource(source: string): Promise<string> {
    const run = /^runs:\/+([^/]+)\/(.+)$/.exec(source);
    if (run?.[1] !== undefined && run[2] !== undefined) {
      const root = await this.tracking.artifactRoot(run[1]);
      return toArtifactUri(`${root.path}/${normalizeArtifactPath(run[2].replace(/\/+$/, ''))}`);
    }
    const version = /^models:\/+([^/]+)\/(\d+)$/.exec(source);
    if (version?.[1] !== undefined) return (await this.models.version(version[1], Number(version[2]))).source;
    return source;
  }

  private async withAliases(version: ModelVersion) {
    const { aliases } = await this.models.model(version.modelName);
    return toWireVersion(
      version,
      aliases.filter((found) => found.version === version.version).map(({ alias }) => alias),
    );
  }
}
