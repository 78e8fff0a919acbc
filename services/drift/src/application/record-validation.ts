import { DriftDetected, type Evidence, type WindowValidated } from '@headrace/contracts';
import { Clock, deterministicId } from '@headrace/kernel';
import { type ReceivedEvent, eventOf } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { DriftPolicies } from './drift-policies.js';
import { DriftRepository } from './ports.js';

/**
 * Records whether a window of readings met its expectations. A suite that keeps failing is data-quality drift of every
 * model that has a champion. It is announced once until the suite passes again, and holds retraining meanwhile.
 */
@Injectable()
export class RecordValidation {
  constructor(
    private readonly repository: DriftRepository,
    private readonly policies: DriftPolicies,
    private readonly clock: Clock,
  ) {}

  async execute(event: ReceivedEvent<typeof WindowValidated>): Promise<void> {
    for (const modelName of await this.repository.findModelNames()) {
      await this.recordForModel(modelName, event);
    }
  }

  private async recordForModel(
    modelName: string,
    event: ReceivedEvent<typeof WindowValidated>,
  ): Promise<void> {
    const { value: policy, version } = this.policies.findFor(modelName);
    const { suite, success } = event.payload;
    await this.repository.change(modelName, async (unit) => {
      const { watch } = unit;
      if (!watch?.champion || !(await unit.claim(`record-validation/${modelName}`, event.id))) return;
      const failed = success ? 0 : (watch.failedSuites[suite] ?? 0) + 1;
      await unit.save({ ...watch, failedSuites: { ...watch.failedSuites, [suite]: failed } });
      if (failed !== policy.dataQuality.failedWindowsInARow) return;
      const now = this.clock.now();
      const driftId = deterministicId('data-quality', modelName, event.id);
      await unit.emit(
        eventOf(DriftDetected, {
          id: driftId,
          time: now,
          causationIds: [event.id],
          payload: {
            driftId,
            modelName,
            modelVersion: watch.champion.version,
            kind: 'data-quality',
            features: findFailedColumns(event.payload),
            evidence: toEvidence(event.payload),
            windowsInARow: failed,
            policyVersion: version,
            detectedAt: now.toISOString(),
          },
        }),
      );
    });
  }
}

type Validated = ReceivedEvent<typeof WindowValidated>['payload'];

/** Warnings are left out: they do not fail a window, and are not evidence of its failure. */
const findFailedResults = ({ results }: Validated): Validated['results'] =>
  results.filter(({ success, severity = 'error' }) => success === false && severity === 'error');

function findFailedColumns(validated: Validated): string[] {
  return [
    ...new Set(findFailedResults(validated).flatMap(({ column }) => (column === null ? [] : [column]))),
  ];
}

function toEvidence(validated: Validated): Evidence[] {
  return findFailedResults(validated)
    .slice(0, 100)
    .map(({ expectation, column, unexpectedCount, unexpectedSample }) => ({
      criterion: `${expectation}${column === null ? '' : ` of ${column}`}`,
      verdict: 'degraded',
      value: unexpectedCount,
      threshold: 0,
      direction: 'at-most',
      sampleSize: validated.rows,
      detail: `suite ${validated.suite}: ${unexpectedSample.slice(0, 5).join(', ')}`,
    }));
}
