import { zod } from '@headrace/service-host';
import { Body, Controller, Get, HttpCode, Post, Query, UseFilters } from '@nestjs/common';
import { z } from 'zod';
import { DeleteExperiment } from '../../application/delete-experiment.js';
import { ExperimentRepository } from '../../application/ports.js';
import { MlflowErrorFilter } from './mlflow-errors.js';
import { key, search, tag, text, viewType, toWireExperiment, type WireResponse } from './mlflow-wire.js';

const create = z.object({
  name: text.min(1).max(500),
  artifact_location: text.max(2_000).optional(),
  tags: z.array(tag).max(100).default([]),
});
const one = z.object({ experiment_id: text.min(1) });
const byName = z.object({ experiment_name: text.min(1) });
const rename = one.extend({ new_name: text.min(1).max(500) });
const setTag = one.extend({ key, value: text.max(8_000) });
const searching = z.object({ view_type: viewType }).and(search(50_000, 1_000));

/** MLflow tracking: experiments. */
@Controller('api/2.0/mlflow/experiments')
@UseFilters(MlflowErrorFilter)
export class ExperimentsController {
  constructor(
    private readonly experiments: ExperimentRepository,
    private readonly deleteExperiment: DeleteExperiment,
  ) {}

  @Post('create')
  @HttpCode(200)
  async create(@Body(zod(create)) body: z.output<typeof create>): Promise<WireResponse> {
    return {
      experiment_id: await this.experiments.create(body.name, body.artifact_location, body.tags),
    };
  }

  @Get('get')
  async get(@Query(zod(one)) query: z.output<typeof one>): Promise<WireResponse> {
    return { experiment: toWireExperiment(await this.experiments.load(query.experiment_id)) };
  }

  @Get('get-by-name')
  async getByName(@Query(zod(byName)) query: z.output<typeof byName>): Promise<WireResponse> {
    return { experiment: toWireExperiment(await this.experiments.loadByName(query.experiment_name)) };
  }

  @Post('search')
  @HttpCode(200)
  search(@Body(zod(searching)) body: z.output<typeof searching>): Promise<WireResponse> {
    return this.findPage(body);
  }

  @Get('search')
  searchByQuery(@Query(zod(searching)) query: z.output<typeof searching>): Promise<WireResponse> {
    return this.findPage(query);
  }

  @Get('list')
  list(@Query(zod(searching)) query: z.output<typeof searching>): Promise<WireResponse> {
    return this.findPage(query);
  }

  @Post('update')
  @HttpCode(200)
  async update(@Body(zod(rename)) body: z.output<typeof rename>): Promise<WireResponse> {
    await this.experiments.rename(body.experiment_id, body.new_name);
    return {};
  }

  @Post('delete')
  @HttpCode(200)
  async delete(@Body(zod(one)) body: z.output<typeof one>): Promise<WireResponse> {
    await this.deleteExperiment.execute(body.experiment_id);
    return {};
  }

  @Post('restore')
  @HttpCode(200)
  async restore(@Body(zod(one)) body: z.output<typeof one>): Promise<WireResponse> {
    await this.experiments.setLifecycleStage(body.experiment_id, 'active');
    return {};
  }

  @Post('set-experiment-tag')
  @HttpCode(200)
  async setTag(@Body(zod(setTag)) body: z.output<typeof setTag>): Promise<WireResponse> {
    await this.experiments.setTag(body.experiment_id, body.key, body.value);
    return {};
  }

  private async findPage(query: z.output<typeof searching>) {
    const { items, nextPageToken } = await this.experiments.search(query, query.view_type);
    return { experiments: items.map(toWireExperiment), next_page_token: nextPageToken };
  }
}
