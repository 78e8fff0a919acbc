import { zod } from '@headrace/service-host';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { CancelTraining } from '../../application/cancel-training.js';
import { ReadTrainings } from '../../application/read-trainings.js';
import { RequestTraining } from '../../application/request-training.js';
import { presentTraining, type PresentedTraining } from './present-training.js';

/** Text that PostgreSQL can store: it contains no NUL. */
const text = (maxLength: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^[^\0]*$/, 'holds a NUL character');

const requestBody = z
  .strictObject({
    modelName: text(128).optional(),
    reason: text(2_000).default('asked for by hand'),
    requestedBy: text(256).default('api'),
  })
  .prefault({});
const page = z.object({
  modelName: text(128).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

@Controller('v1/trainings')
export class TrainingsController {
  constructor(
    private readonly requestTraining: RequestTraining,
    private readonly cancelTraining: CancelTraining,
    private readonly readTrainings: ReadTrainings,
  ) {}

  @Post()
  @HttpCode(202)
  async request(@Body(zod(requestBody)) body: z.output<typeof requestBody>): Promise<PresentedTraining> {
    const id = await this.requestTraining.execute(body);
    // Only a request that an event caused is answered without an id.
    if (id === undefined) throw new Error('A training requested over HTTP was stored without an id');
    return this.one(id);
  }

  @Get()
  async list(@Query(zod(page)) query: z.output<typeof page>): Promise<{ trainings: PresentedTraining[] }> {
    const trainings = await this.readTrainings.list(query.modelName, query.limit);
    return { trainings: trainings.map((training) => presentTraining(training)) };
  }

  @Get(':id')
  async one(@Param('id') id: string): Promise<PresentedTraining> {
    const { training, steps } = await this.readTrainings.one(id);
    return presentTraining(training, steps);
  }

  @Post(':id/cancel')
  @HttpCode(202)
  async cancel(@Param('id') id: string): Promise<PresentedTraining> {
    await this.cancelTraining.execute(id);
    return this.one(id);
  }
}
