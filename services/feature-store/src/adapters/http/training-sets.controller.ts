import { zod } from '@headrace/service-host';
import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { CreateTrainingSet, type TrainingSetAnswer } from '../../application/create-training-set.js';
import { PreviewTrainingSet } from '../../application/preview-training-set.js';

const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .optional();
const requestSchema = z.strictObject({
  view: z.string().min(1),
  label: z.string().min(1),
  from: instant,
  to: instant,
  asOf: instant,
});
const previewSchema = z.object({ view: z.string().min(1), label: z.string().min(1) });

@Controller('v1/training-sets')
export class TrainingSetsController {
  constructor(
    private readonly createTrainingSet: CreateTrainingSet,
    private readonly previewTrainingSet: PreviewTrainingSet,
  ) {}

  @Post()
  @HttpCode(200)
  create(@Body(zod(requestSchema)) request: z.output<typeof requestSchema>): Promise<TrainingSetAnswer> {
    return this.createTrainingSet.execute(request);
  }

  @Get('preview')
  preview(@Query(zod(previewSchema)) query: z.output<typeof previewSchema>): Promise<unknown> {
    return this.previewTrainingSet.execute(query.view, query.label);
  }
}
