import { zod } from '@headrace/service-host';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { z } from 'zod';
import { Catalog } from '../../application/catalog.js';
import { Materialize } from '../../application/materialize.js';
import { PushFeatures } from '../../application/push-features.js';
import { answerOnlineFeatures, onlineRequestSchema } from './online-features.js';
import { ReadFeatures } from '../../application/read-features.js';

const instant = z.union([z.iso.datetime({ offset: true, local: true }), z.iso.date()]);
const pushSchema = z.object({
  push_source_name: z.string().min(1),
  df: z.record(z.string(), z.array(z.unknown()).max(10_000)),
  to: z.enum(['online']).default('online'),
});
const incrementalSchema = z.object({
  end_ts: instant,
  feature_views: z.array(z.string()).nullish(),
});
const materializeSchema = incrementalSchema.extend({ start_ts: instant });

/** The HTTP API of Feast's feature server. */
@Controller()
export class FeastController {
  constructor(
    private readonly catalog: Catalog,
    private readonly readFeatures: ReadFeatures,
    private readonly pushFeatures: PushFeatures,
    private readonly materialize: Materialize,
  ) {}

  @Post('get-online-features')
  @HttpCode(200)
  online(@Body(zod(onlineRequestSchema)) request: z.output<typeof onlineRequestSchema>): Promise<unknown> {
    return answerOnlineFeatures(request, this.catalog, this.readFeatures);
  }

  @Post('push')
  @HttpCode(200)
  push(@Body(zod(pushSchema)) body: z.output<typeof pushSchema>): Promise<void> {
    return this.pushFeatures.execute(body.push_source_name, body.df);
  }

  @Post('materialize-incremental')
  @HttpCode(200)
  async incremental(@Body(zod(incrementalSchema)) body: z.output<typeof incrementalSchema>): Promise<string> {
    await this.materialize.execute(utc(body.end_ts), body.feature_views ?? undefined);
    return 'null';
  }

  @Post('materialize')
  @HttpCode(200)
  async between(@Body(zod(materializeSchema)) body: z.output<typeof materializeSchema>): Promise<string> {
    await this.materialize.execute(utc(body.end_ts), body.feature_views ?? undefined, utc(body.start_ts));
    return 'null';
  }
}

/** Feast's clients send UTC times without a zone. */
function utc(text: string): Date {
  return new Date(/(Z|[+-]\d\d:?\d\d)$/i.test(text) || !text.includes('T') ? text : `${text}Z`);
}
