import { ParityMeasured } from '@headrace/contracts';
import { deterministicId, Clock } from '@headrace/kernel';
import { EventPublisher } from '@headrace/messaging';
import { ServiceLogger } from '@headrace/service-host';
import { Injectable } from '@nestjs/common';
import { Catalog } from './catalog.js';
import { ParityCheck } from './ports.js';

const lookBackMs = 300_000;

/** Compares recently served rows with the same rows recomputed from the readings, and publishes the result. */
@Injectable()
export class MeasureParity {
  constructor(
    private readonly catalog: Catalog,
    private readonly check: ParityCheck,
    private readonly publisher: EventPublisher,
    private readonly clock: Clock,
    private readonly logger: ServiceLogger,
  ) {}

  async execute(): Promise<void> {
    const to = this.clock.now();
    const from = new Date(to.getTime() - lookBackMs);
    for (const view of this.catalog.views) {
      const result = await this.check.measure(view, from, to);
      if (result.mismatches > 0) {
        this.logger.warn(
          { view: view.name, ...result },
          'Served features differ from those recomputed from the readings',
        );
      }
      await this.publisher.publish(ParityMeasured, [
        {
          id: deterministicId('parity', view.rule, result.from.toISOString(), result.to.toISOString()),
          time: to,
          payload: {
            view: view.name,
            viewVersion: view.version,
            from: result.from.toISOString(),
            to: result.to.toISOString(),
            rows: result.rows,
            mismatches: result.mismatches,
            largestDifference: result.maxDifference ?? null,
          },
        },
      ]);
    }
  }
}
