import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { alertIdOf, fingerprintOf } from '../domain/alert.js';
import { type Severity } from '../domain/alert-rule.js';
import { AlertRepository, type AlertUnitOfWork } from './ports.js';
import { emitAlertFired, emitAlertResolved } from './emit-alert.js';

export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt?: Date | undefined;
  readonly endsAt?: Date | undefined;
}

/**
 * Takes alerts that another program posts, as Prometheus does. The same labels again continue the open alert, and an
 * `endsAt` in the past ends it.
 */
@Injectable()
export class ReceiveAlerts {
  constructor(
    private readonly alerts: AlertRepository,
    private readonly clock: Clock,
  ) {}

  execute(posted: readonly PostedAlert[]): Promise<void> {
    return this.alerts.change(async (work) => {
      for (const alert of posted) await this.receive(work, alert);
    });
  }

  private async receive(
    work: AlertUnitOfWork,
    { labels, annotations, startsAt, endsAt }: PostedAlert,
  ): Promise<void> {
    const now = this.clock.now();
    const ended = endsAt !== undefined && endsAt <= now;
    const fingerprint = fingerprintOf(labels);
    const [open] = await work.findOpen(fingerprint);
    if (open === undefined) {
      if (ended) return;
      const beganAt = startsAt ?? now;
      await emitAlertFired(
        work,
        {
          alertId: alertIdOf(fingerprint, beganAt.toISOString()),
          fingerprint,
          name: labels['alertname'] ?? 'unnamed',
          severity: toSeverity(labels['severity']),
          labels,
          annotations,
          recommendations: [],
          startsAt: beganAt,
        },
        now,
      );
      return;
    }
    const updated = { ...open, annotations, updatedAt: now, occurrences: open.occurrences + 1 };
    if (ended) await emitAlertResolved(work, { ...updated, endsAt }, 'ended by its sender', now);
    else await work.save({ ...updated, endsAt: undefined });
  }
}

function toSeverity(label: string | undefined): Severity {
  return label === 'critical' || label === 'info' ? label : 'warning';
}
