import { zod } from '@headrace/service-host';
import { Body, Controller, Get, Header, HttpCode, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import { CheckDrift } from '../../application/check-drift.js';
import { type CheckResult } from '../../application/check-model.js';
import { DriftRepository } from '../../application/ports.js';
import { type DriftView, ReadDrift } from '../../application/read-drift.js';
import { renderReport } from './render-report.js';

const modelName = z.string().min(1).max(512);
const checkRequest = z.strictObject({ model: modelName.optional() }).nullish();

@Controller('v1/drift')
export class DriftController {
  constructor(
    private readonly repository: DriftRepository,
    private readonly read: ReadDrift,
    private readonly check: CheckDrift,
  ) {}

  @Get()
  async models(): Promise<{ readonly models: readonly string[] }> {
    return { models: await this.repository.findModelNames() };
  }

  @Post('check')
  @HttpCode(200)
  async checkNow(
    @Body(zod(checkRequest)) body: z.output<typeof checkRequest>,
  ): Promise<{ readonly checked: readonly CheckResult[] }> {
    return { checked: await this.check.execute(body?.model) };
  }

  @Get(':model')
  latest(@Param('model', zod(modelName)) model: string): Promise<DriftView> {
    return this.read.execute(model);
  }

  @Get(':model/report')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
  async report(@Param('model', zod(modelName)) model: string): Promise<string> {
    return renderReport(await this.read.execute(model));
  }
}
