import { ParityMeasured } from '@headrace/contracts';
import { deterministicId, type Clock } from '@headrace/kernel';
import { type EventPublisher } from '@headrace/messaging';
import { type ServiceLogger } from '@headrace/service-host';
import { type Catalog } from './catalog.js';
import { type ParityCheck } from './ports.js';

/** Compares served rows of the last while with the same rows recomputed from the readings, and states the result. */
export class MeasureParity {
  constructor(
    private readonly catalog: Catalog,
    private readonly check: ParityCheck,
    private readonly publisher: EventPublisher,
    private readonly clock: Clock,
    private readonly logger: ServiceLogger,
    private readonly lookBackMs: number,
  ) {}

  async execute(): Promise<void> {
    const to = this.clock.now();
    const from = new Date(to.getTime() - this.lookBackMs);
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
            largestDifference: result.largestDifference ?? null,
          },
        },
      ]);
    }
  }
}
