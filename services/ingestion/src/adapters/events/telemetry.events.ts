import { TelemetryReading } from '@headrace/contracts';
import { OnBatch, type ReceivedEvent } from '@headrace/messaging';
import { Controller } from '@nestjs/common';
import { AcceptReadings } from '../../application/accept-readings.js';

/** Readings per call; a batch of records may hold many more. */
const chunk = 1_000;

@Controller()
export class TelemetryEvents {
  constructor(private readonly accept: AcceptReadings) {}

  @OnBatch(TelemetryReading)
  async onTelemetryReading(events: readonly ReceivedEvent<typeof TelemetryReading>[]): Promise<void> {
    for (let from = 0; from < events.length; from += chunk) {
      const some = events.slice(from, from + chunk);
      await this.accept.execute(
        some.map(({ payload, source, id }) => ({ content: payload, event: { source, id } })),
        some.map(({ id }) => id),
      );
    }
  }
}
