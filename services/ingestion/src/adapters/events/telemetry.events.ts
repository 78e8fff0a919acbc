import { TelemetryReading } from '@headrace/contracts';
import { OnBatch, type EventOf } from '@headrace/messaging';
import { Controller } from '@nestjs/common';
import { AcceptReadings } from '../../application/accept-readings.js';

@Controller()
export class TelemetryEvents {
  constructor(private readonly accept: AcceptReadings) {}

  @OnBatch(TelemetryReading)
  async judge(events: readonly EventOf<typeof TelemetryReading>[]): Promise<void> {
    await this.accept.execute(
      events.map(({ payload, source, id }) => ({ content: payload, event: { source, id } })),
      events.map(({ id }) => id),
    );
  }
}
