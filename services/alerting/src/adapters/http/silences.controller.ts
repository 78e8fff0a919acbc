import { AppError, Clock, newId } from '@headrace/kernel';
import { zod } from '@headrace/service-host';
import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import { SilenceRepository } from '../../application/ports.js';
import { checkSilence, deriveSilenceState, type Silence } from '../../domain/silence.js';

class SilenceNotFoundError extends AppError {
  readonly code = 'ALERTING_SILENCE_NOT_FOUND';
  readonly kind = 'not-found';
}

const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const postedSilence = z.object({
  id: z.string().optional(),
  matchers: z
    .array(
      z.object({
        name: z.string().min(1),
        value: z.string(),
        isRegex: z.boolean(),
        isEqual: z.boolean().default(true),
      }),
    )
    .max(64),
  startsAt: time,
  endsAt: time,
  createdBy: z.string().min(1).max(256),
  comment: z.string().max(4096),
});

/** The silences of Alertmanager's API v2, as amtool adds, queries and expires them. */
@Controller('api/v2')
export class SilencesController {
  constructor(
    private readonly silences: SilenceRepository,
    private readonly clock: Clock,
  ) {}

  @Get('silences')
  async list(): Promise<readonly unknown[]> {
    const now = this.clock.now();
    return (await this.silences.findAll()).map((silence) => toSilenceView(silence, now));
  }

  @Get('silence/:id')
  async find(@Param('id') id: string): Promise<unknown> {
    return toSilenceView(await this.load(id), this.clock.now());
  }

  @Post('silences')
  @HttpCode(200)
  async create(
    @Body(zod(postedSilence)) body: z.output<typeof postedSilence>,
  ): Promise<{ silenceID: string }> {
    checkSilence(body);
    const now = this.clock.now();
    const id = body.id === undefined || body.id === '' ? newId(now) : (await this.load(body.id)).id;
    await this.silences.save({ ...body, id, updatedAt: now });
    return { silenceID: id };
  }

  @Delete('silence/:id')
  @HttpCode(200)
  async expire(@Param('id') id: string): Promise<void> {
    const silence = await this.load(id);
    const now = this.clock.now();
    if (deriveSilenceState(silence, now) !== 'expired') {
      await this.silences.save({ ...silence, endsAt: now, updatedAt: now });
    }
  }

  private async load(id: string): Promise<Silence> {
    const silence = await this.silences.findById(id);
    if (silence === undefined) {
      throw new SilenceNotFoundError(
        `Silence ${JSON.stringify(id)} does not exist; GET /api/v2/silences lists them`,
      );
    }
    return silence;
  }
}

function toSilenceView(silence: Silence, now: Date) {
  return {
    ...silence,
    startsAt: silence.startsAt.toISOString(),
    endsAt: silence.endsAt.toISOString(),
    updatedAt: silence.updatedAt.toISOString(),
    status: { state: deriveSilenceState(silence, now) },
  };
}
