import { Injectable } from '@nestjs/common';
import { DriftGauges } from './drift-gauges.js';
import { DriftRepository } from './ports.js';

/** Sets the gauges to the last closed windows, so that they have values after a restart before the next window closes. */
@Injectable()
export class RestoreGauges {
  constructor(
    private readonly repository: DriftRepository,
    private readonly gauges: DriftGauges,
  ) {}

  async execute(): Promise<void> {
    for (const modelName of await this.repository.findModelNames()) {
      const report = await this.repository.findLatestReport(modelName);
      if (report) this.gauges.setDrift(report);
      for (const performance of await this.repository.findLatestPerformance(modelName)) {
        this.gauges.setPerformance(performance);
      }
    }
  }
}
