import { WindowValidated } from '@headrace/contracts';
import { deterministicId, finiteOrNull, Clock } from '@headrace/kernel';
import { EventPublisher } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { CompiledSuite } from '../domain/suite/compiled-suite.js';
import { WindowValidator } from '../domain/suite/window-validator.js';

/** Judges the window that ends now and publishes the results. */
@Injectable()
export class ValidateWindow {
  constructor(
    private readonly suite: CompiledSuite,
    private readonly windows: WindowValidator,
    private readonly publisher: EventPublisher,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<void> {
    const { start, end, rows, success, results } = this.windows.validate(this.clock.now());
    const id = deterministicId(this.suite.name, this.suite.version, start.toISOString(), end.toISOString());
    const { name, version } = this.suite;
    const window = {
      windowStart: start.toISOString(),
      windowEnd: end.toISOString(),
      rows,
      success,
      results: results.map((result) => ({
        expectation: result.expectation,
        column: result.column ?? null,
        severity: result.severity,
        success: result.success ?? null,
        // Of several quantiles the first.
        observed: finiteOrNull([result.observed].flat()[0]),
        unexpectedCount: result.unexpectedCount,
        unexpectedPercent: result.unexpectedPercent ?? null,
        unexpectedSample: [...result.sample],
        missingCount: result.missingCount,
      })),
    };
    await this.publisher.publish(WindowValidated, [
      { id, time: end, payload: { suite: name, suiteVersion: version, ...window } },
    ]);
  }
}
