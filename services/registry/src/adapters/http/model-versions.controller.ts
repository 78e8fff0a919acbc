import { zod } from '@headrace/service-host';
import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query, UseFilters } from '@nestjs/common';
import { z } from 'zod';
import { CreateVersionFromSource } from '../../application/create-version-from-source.js';
import { DeleteVersion } from '../../application/delete-version.js';
import { MoveToStage } from '../../application/move-to-stage.js';
import { ModelRepository, type ModelVersion } from '../../application/ports.js';
import { capitalizeStage, findAliasesOf, modelStages } from '../../domain/registered-model.js';
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
  stage: text.transform(capitalizeStage).pipe(z.enum(modelStages)),
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
    private readonly models: ModelRepository,
    private readonly createVersion: CreateVersionFromSource,
    private readonly deleteVersion: DeleteVersion,
    private readonly moveToStage: MoveToStage,
  ) {}

  @Post('create')
  @HttpCode(200)
  async create(@Body(zod(create)) body: z.output<typeof create>): Promise<WireResponse> {
    const version = await this.createVersion.execute({
      modelName: body.name,
      source: body.source,
      runId: body.run_id || undefined,
      runLink: body.run_link,
      description: body.description,
      tags: Object.fromEntries(body.tags.map(({ key: tagKey, value }) => [tagKey, value])),
    });
    return { model_version: toWireVersion(version) };
  }

  @Get('get')
  async get(@Query(zod(one)) query: z.output<typeof one>): Promise<WireResponse> {
    return { model_version: await this.toResponse(await this.models.loadVersion(query.name, query.version)) };
  }

  @Get('search')
  async search(@Query(zod(searching)) query: z.output<typeof searching>): Promise<WireResponse> {
    const { items, nextPageToken } = await this.models.searchVersions(query);
    return { model_versions: items.map((version) => toWireVersion(version)), next_page_token: nextPageToken };
  }

  @Patch('update')
  async update(@Body(zod(describe)) body: z.output<typeof describe>): Promise<WireResponse> {
    const version = await this.models.describeVersion(body.name, body.version, body.description);
    return { model_version: await this.toResponse(version) };
  }

  @Delete('delete')
  async delete(@Body(zod(one)) body: z.output<typeof one>): Promise<WireResponse> {
    await this.deleteVersion.execute(body.name, body.version);
    return {};
  }

  @Get('get-download-uri')
  async downloadUri(@Query(zod(one)) query: z.output<typeof one>): Promise<WireResponse> {
    return { artifact_uri: (await this.models.loadVersion(query.name, query.version)).source };
  }

  @Post('transition-stage')
  @HttpCode(200)
  async transition(@Body(zod(stage)) body: z.output<typeof stage>): Promise<WireResponse> {
    const { name: modelName, version, stage: target, archive_existing_versions: archiveOthers } = body;
    await this.moveToStage.execute({ modelName, version, stage: target, archiveOthers });
    return { model_version: await this.toResponse(await this.models.loadVersion(modelName, version)) };
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

  private async toResponse(version: ModelVersion) {
    const model = await this.models.load(version.modelName);
    return toWireVersion(version, findAliasesOf(model, version.version));
  }
}
