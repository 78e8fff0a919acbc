import { zod } from '@headrace/service-host';
import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query, UseFilters } from '@nestjs/common';
import { z } from 'zod';
import { DeleteModel } from '../../application/delete-model.js';
import { MoveAlias } from '../../application/move-alias.js';
import { ModelRepository } from '../../application/ports.js';
import { RenameModel } from '../../application/rename-model.js';
import { aliasPattern, findAliasesOf, resolveAlias } from '../../domain/registered-model.js';
import { MlflowErrorFilter } from './mlflow-errors.js';
import {
  key,
  name,
  search,
  tag,
  text,
  toWireModel,
  toWireVersion,
  type WireResponse,
} from './mlflow-wire.js';

const create = z.object({
  name,
  description: text.max(10_000).default(''),
  tags: z.array(tag).max(100).default([]),
});
const one = z.object({ name });
const rename = one.extend({ new_name: name });
const describe = one.extend({ description: text.max(10_000).default('') });
const setTag = one.extend({ key, value: text.max(8_000).default('') });
const deleteTag = one.extend({ key });
const aliased = one.extend({
  alias: key.regex(aliasPattern, 'may hold letters, digits, hyphens and underscores'),
});
const setAlias = aliased.extend({ version: z.coerce.number().int().positive() });
const latest = one.extend({
  stages: z.union([z.array(text), text.transform((stage) => [stage])]).default([]),
});
const searching = search(1_000, 100);

/** MLflow model registry: models and their aliases. */
@Controller('api/2.0/mlflow/registered-models')
@UseFilters(MlflowErrorFilter)
export class RegisteredModelsController {
  constructor(
    private readonly models: ModelRepository,
    private readonly renameModel: RenameModel,
    private readonly deleteModel: DeleteModel,
    private readonly moveAlias: MoveAlias,
  ) {}

  @Post('create')
  @HttpCode(200)
  async create(@Body(zod(create)) body: z.output<typeof create>): Promise<WireResponse> {
    return {
      registered_model: toWireModel(await this.models.create(body.name, body.description, body.tags)),
    };
  }

  @Get('get')
  async get(@Query(zod(one)) query: z.output<typeof one>): Promise<WireResponse> {
    const model = await this.models.load(query.name);
    return { registered_model: toWireModel(model, await this.models.listLatestVersions(query.name, [])) };
  }

  @Get('search')
  async search(@Query(zod(searching)) query: z.output<typeof searching>): Promise<WireResponse> {
    const { items, nextPageToken } = await this.models.search(query);
    return { registered_models: items.map((model) => toWireModel(model)), next_page_token: nextPageToken };
  }

  @Get('list')
  list(@Query(zod(searching)) query: z.output<typeof searching>): Promise<WireResponse> {
    return this.search(query);
  }

  @Post('rename')
  @HttpCode(200)
  async rename(@Body(zod(rename)) body: z.output<typeof rename>): Promise<WireResponse> {
    await this.renameModel.execute(body.name, body.new_name);
    return { registered_model: toWireModel(await this.models.load(body.new_name)) };
  }

  @Patch('update')
  async update(@Body(zod(describe)) body: z.output<typeof describe>): Promise<WireResponse> {
    return { registered_model: toWireModel(await this.models.describe(body.name, body.description)) };
  }

  @Delete('delete')
  async delete(@Body(zod(one)) body: z.output<typeof one>): Promise<WireResponse> {
    await this.deleteModel.execute(body.name);
    return {};
  }

  @Post('set-tag')
  @HttpCode(200)
  async setTag(@Body(zod(setTag)) body: z.output<typeof setTag>): Promise<WireResponse> {
    await this.models.setTag(body.name, body.key, body.value);
    return {};
  }

  @Delete('delete-tag')
  async deleteTag(@Body(zod(deleteTag)) body: z.output<typeof deleteTag>): Promise<WireResponse> {
    await this.models.deleteTag(body.name, body.key);
    return {};
  }

  @Post('get-latest-versions')
  @HttpCode(200)
  async latestVersions(@Body(zod(latest)) body: z.output<typeof latest>): Promise<WireResponse> {
    const versions = await this.models.listLatestVersions(body.name, body.stages);
    return { model_versions: versions.map((version) => toWireVersion(version)) };
  }

  @Get('get-latest-versions')
  latestVersionsByQuery(@Query(zod(latest)) query: z.output<typeof latest>): Promise<WireResponse> {
    return this.latestVersions(query);
  }

  @Post('alias')
  @HttpCode(200)
  async setAlias(@Body(zod(setAlias)) body: z.output<typeof setAlias>): Promise<WireResponse> {
    const { name: modelName, alias, version } = body;
    await this.moveAlias.execute({ modelName, alias, version, reason: 'set through the API', by: 'request' });
    return {};
  }

  @Get('alias')
  async byAlias(@Query(zod(aliased)) query: z.output<typeof aliased>): Promise<WireResponse> {
    const model = await this.models.load(query.name);
    const number = resolveAlias(model, query.alias);
    const version = await this.models.loadVersion(query.name, number);
    return { model_version: toWireVersion(version, findAliasesOf(model, number)) };
  }

  @Delete('alias')
  async deleteAlias(@Body(zod(aliased)) body: z.output<typeof aliased>): Promise<WireResponse> {
    const { name: modelName, alias } = body;
    await this.moveAlias.execute({
      modelName,
      alias,
      version: undefined,
      reason: 'deleted through the API',
      by: 'request',
    });
    return {};
  }
}
