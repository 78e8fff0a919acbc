import { TelemetryReading } from '@headrace/contracts';
import { zod } from '@headrace/service-host';
import { Body, Controller, Get, Headers, Post, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { z } from 'zod';
import { AcceptReadings, type Accepted } from '../../application/accept-readings.js';
import { ListQuarantine } from '../../application/list-quarantine.js';
import { RedriveQuarantine } from '../../application/redrive-quarantine.js';
import { readReadingsBody } from '../../domain/formats/read-body.js';
import { readCloudEvents } from '../../domain/formats/read-cloud-events.js';
import { type IncomingReading } from '../../domain/reading/reading.js';
import { BodyLimit } from './body-limit.js';
import { readText } from './read-text.js';

const quarantineQuery = z.object({
  since: z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text))
    .default(() => new Date(0)),
  system_id: z.string().max(256).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

type HeaderValues = Readonly<Record<string, string | undefined>>;

@Controller('v1')
export class ReadingsController {
  constructor(
    private readonly accept: AcceptReadings,
    private readonly quarantine: ListQuarantine,
    private readonly redrive: RedriveQuarantine,
    private readonly bodyLimit: BodyLimit,
  ) {}

  @Post('readings')
  async readings(
    @Headers() headers: HeaderValues,
    @Body() body: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const text = await readText(body, headers['content-encoding'], this.bodyLimit.bytes);
    await this.answer(readReadingsBody(text), reply);
  }

  @Post('events')
  async events(
    @Headers() headers: HeaderValues,
    @Body() body: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const text = await readText(body, headers['content-encoding'], this.bodyLimit.bytes);
    await this.answer(readCloudEvents(headers['content-type'] ?? '', headers, text, TelemetryReading), reply);
  }

  @Get('quarantine')
  async list(@Query(zod(quarantineQuery)) query: z.output<typeof quarantineQuery>): Promise<object> {
    const { since, system_id: systemId, limit } = query;
    return { quarantine: await this.quarantine.execute({ since, systemId, limit }) };
  }

  @Post('quarantine/redrive')
  redriveAll(@Query(zod(quarantineQuery)) query: z.output<typeof quarantineQuery>): Promise<Accepted> {
    const { since, system_id: systemId, limit } = query;
    return this.redrive.execute({ since, systemId, limit });
  }

  /** 202 when at least one reading was accepted, 400 when none was. The body says which and why in both cases. */
  private async answer(incoming: readonly IncomingReading[], reply: FastifyReply): Promise<void> {
    const { accepted, rejected } = await this.accept.execute(incoming);
    if (accepted.length > 0 || rejected.length === 0) {
      await reply.status(202).send({ accepted, rejected });
      return;
    }
    const [first] = rejected;
    await reply
      .status(400)
      .header('content-type', 'application/problem+json; charset=utf-8')
      .send(
        JSON.stringify({
          type: 'about:blank',
          title: 'Every reading was quarantined',
          status: 400,
          code: 'INGESTION_READINGS_QUARANTINED',
          detail: first?.reasons[0]?.message ?? '',
          accepted,
          rejected,
        }),
      );
  }
}
