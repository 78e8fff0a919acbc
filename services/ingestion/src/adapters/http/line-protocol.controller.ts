import { Clock } from '@headrace/kernel';
import { zod } from '@headrace/service-host';
import { Body, Controller, Headers, Post, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { z } from 'zod';
import { AcceptReadings } from '../../application/accept-readings.js';
import { readLineProtocol } from '../../domain/formats/read-line-protocol.js';
import { BodyLimit } from './body-limit.js';
import { readText } from './read-text.js';

const writeQuery = z.object({ precision: z.enum(['ns', 'us', 'ms', 's']).default('ns') });

/** The write route of InfluxDB 2, for agents that speak no other protocol. */
@Controller('api/v2')
export class LineProtocolController {
  constructor(
    private readonly accept: AcceptReadings,
    private readonly clock: Clock,
    private readonly bodyLimit: BodyLimit,
  ) {}

  @Post('write')
  async write(
    @Headers('content-encoding') encoding: string | undefined,
    @Query(zod(writeQuery)) { precision }: z.output<typeof writeQuery>,
    @Body() body: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const text = await readText(body, encoding, this.bodyLimit.bytes);
    const { readings, faults } = readLineProtocol(text, precision, this.clock.now());
    const { rejected } = await this.accept.execute(readings);
    if (faults.length + rejected.length === 0) {
      await reply.status(204).send();
      return;
    }
    const reasons = [
      ...faults.map(({ line, message }) => `line ${line} ${message}`),
      ...rejected.flatMap((each) => each.reasons.map(({ message }) => message)),
    ];
    const message = `partial write: ${reasons.slice(0, 5).join('; ')} dropped=${faults.length + rejected.length}`;
    await reply.status(400).send({ code: 'invalid', message });
  }
}
