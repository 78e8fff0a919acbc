import { zod } from '@headrace/service-host';
import { Body, Controller, Get, HttpCode, Post, Query, UseFilters } from '@nestjs/common';
import { z } from 'zod';
import { CreateRun } from '../../application/create-run.js';
import { LogToRun } from '../../application/log-to-run.js';
import { ArtifactStore, RunRepository } from '../../application/ports.js';
import { UpdateRun } from '../../application/update-run.js';
import { runArtifactRoot, toArtifactUri } from '../../domain/artifact-path.js';
import { runStatuses } from '../../domain/run.js';
import { MlflowErrorFilter } from './mlflow-errors.js';
import {
  int64,
  key,
  metric,
  param,
  search,
  tag,
  text,
  viewType,
  toWireFile,
  toWireMetric,
  toWireRun,
  toWireRunInfo,
  type WireResponse,
} from './mlflow-wire.js';

const status = z.enum(runStatuses);
/** Older clients send run_uuid. */
const one = z
  .looseObject({ run_id: text.optional(), run_uuid: text.optional() })
  .transform((body, context) => {
    const runId = body.run_id || body.run_uuid;
    if (runId !== undefined && runId !== '') return { runId };
    context.addIssue({ code: 'custom', path: ['run_id'], message: 'is missing' });
    return z.NEVER;
  });
const create = z.object({
  experiment_id: text.default('0'),
  user_id: text.max(250).default(''),
  run_name: text.max(250).default(''),
  start_time: int64.optional(),
  tags: z.array(tag).max(1_000).default([]),
});
const update = one.and(
  z.object({ status: status.optional(), end_time: int64.optional(), run_name: text.max(250).optional() }),
);
const searching = z
  .object({
    experiment_ids: z
      .array(text.regex(/^\d{1,18}$/, 'is not an experiment id'))
      .max(1_000)
      .default([]),
    run_view_type: viewType,
  })
  .and(search(50_000, 1_000));
const logBatch = one.and(
  z.object({
    metrics: z.array(metric).max(1_000).default([]),
    params: z.array(param).max(1_000).default([]),
    tags: z.array(tag).max(1_000).default([]),
  }),
);
const logMetric = one.and(metric);
const logParam = one.and(param);
const setTag = one.and(tag);
const deleteTag = one.and(z.object({ key }));
const history = one.and(
  z.object({
    metric_key: key,
    max_results: z.coerce.number().int().min(1).max(25_000).default(25_000),
    page_token: text.optional(),
  }),
);
const listing = one.and(z.object({ path: text.max(1_024).default('') }));

/** MLflow tracking: runs, their logs, and the lists of their artifacts. */
@Controller('api/2.0/mlflow')
@UseFilters(MlflowErrorFilter)
export class RunsController {
  constructor(
    private readonly runs: RunRepository,
    private readonly artifacts: ArtifactStore,
    private readonly createRun: CreateRun,
    private readonly updateRun: UpdateRun,
    private readonly logToRun: LogToRun,
  ) {}

  @Post('runs/create')
  @HttpCode(200)
  async create(@Body(zod(create)) body: z.output<typeof create>): Promise<WireResponse> {
    const run = await this.createRun.execute(body.experiment_id, {
      userId: body.user_id,
      name: body.run_name,
      startMs: body.start_time,
      tags: body.tags,
    });
    return { run: toWireRun(run) };
  }

  @Get('runs/get')
  async get(@Query(zod(one)) query: z.output<typeof one>): Promise<WireResponse> {
    return { run: toWireRun(await this.runs.load(query.runId)) };
  }

  @Post('runs/update')
  @HttpCode(200)
  async update(@Body(zod(update)) body: z.output<typeof update>): Promise<WireResponse> {
    const run = await this.updateRun.execute(body.runId, {
      status: body.status,
      endMs: body.end_time,
      name: body.run_name,
    });
    return { run_info: toWireRunInfo(run) };
  }

  @Post('runs/search')
  @HttpCode(200)
  async search(@Body(zod(searching)) body: z.output<typeof searching>): Promise<WireResponse> {
    const { items, nextPageToken } = await this.runs.search({
      ...body,
      experimentIds: body.experiment_ids,
      view: body.run_view_type,
    });
    return { runs: items.map(toWireRun), next_page_token: nextPageToken };
  }

  @Post('runs/log-metric')
  @HttpCode(200)
  async logMetric(
    @Body(zod(logMetric)) { runId, ...point }: z.output<typeof logMetric>,
  ): Promise<WireResponse> {
    await this.logToRun.execute(runId, { metrics: [point] });
    return {};
  }

  @Post('runs/log-parameter')
  @HttpCode(200)
  async logParameter(
    @Body(zod(logParam)) { runId, ...pair }: z.output<typeof logParam>,
  ): Promise<WireResponse> {
    await this.logToRun.execute(runId, { params: [pair] });
    return {};
  }

  @Post('runs/log-batch')
  @HttpCode(200)
  async logBatch(@Body(zod(logBatch)) { runId, ...batch }: z.output<typeof logBatch>): Promise<WireResponse> {
    await this.logToRun.execute(runId, batch);
    return {};
  }

  @Post('runs/set-tag')
  @HttpCode(200)
  async setTag(@Body(zod(setTag)) { runId, ...pair }: z.output<typeof setTag>): Promise<WireResponse> {
    await this.logToRun.execute(runId, { tags: [pair] });
    return {};
  }

  @Post('runs/delete-tag')
  @HttpCode(200)
  async deleteTag(@Body(zod(deleteTag)) body: z.output<typeof deleteTag>): Promise<WireResponse> {
    await this.runs.deleteTag(body.runId, body.key);
    return {};
  }

  @Post('runs/delete')
  @HttpCode(200)
  async delete(@Body(zod(one)) body: z.output<typeof one>): Promise<WireResponse> {
    await this.runs.setLifecycleStage(body.runId, 'deleted');
    return {};
  }

  @Post('runs/restore')
  @HttpCode(200)
  async restore(@Body(zod(one)) body: z.output<typeof one>): Promise<WireResponse> {
    await this.runs.setLifecycleStage(body.runId, 'active');
    return {};
  }

  @Get('metrics/get-history')
  async metricHistory(@Query(zod(history)) query: z.output<typeof history>): Promise<WireResponse> {
    const { runId, metric_key, max_results, page_token } = query;
    const { items, nextPageToken } = await this.runs.listMetricPoints(
      runId,
      metric_key,
      max_results,
      page_token,
    );
    return { metrics: items.map(toWireMetric), next_page_token: nextPageToken };
  }

  @Get('artifacts/list')
  async listArtifacts(@Query(zod(listing)) { runId, path }: z.output<typeof listing>): Promise<WireResponse> {
    const run = await this.runs.load(runId);
    const root = runArtifactRoot(run.experimentId, run.id);
    const files = await this.artifacts.list(path === '' ? root : `${root}/${path}`);
    return { root_uri: toArtifactUri(root), files: files.map((file) => toWireFile(file, path)) };
  }
}
