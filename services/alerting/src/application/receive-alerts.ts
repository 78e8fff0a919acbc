import { AlertFired, AlertResolved } from '@headrace/contracts';
import { Clock, deterministicId } from '@headrace/kernel';
import { pending } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { alertIdOf, fingerprintOf, type Alert } from '../domain/alert.js';
import { type Severity } from '../domain/alert-rule.js';
import { AlertRepository, type AlertWork } from './ports.js';

export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt?: Date | undefined;
  readonly endsAt?: Date | undefined;
}

/** Takes alerts that another program posts, as Prometheus does: the same labels again continue the open alert, an end in the past ends it. */
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
    work: AlertWork,
    { labels, annotations, startsAt, endsAt }: PostedAlert,
  ): Promise<void> {
    const now = this.clock.now();
    const ended = endsAt !== undefined && endsAt <= now;
    const fingerprint = fingerprintOf(labels);
    const [open] = await work.open(fingerprint);
    if (open === undefined) {
      if (!ended)
        await this.begin(work, { labels, annotations, startsAt: startsAt ?? now }, fingerprint, now);
      return;
    }
    await work.save({
      ...open,
      annotations,
      updatedAt: now,
      occurrences: open.occurrences + 1,
      endsAt: ended ? endsAt : undefined,
    });
    if (!ended) return;
    await work.state(
      pending(AlertResolved, {
        id: deterministicId('alert-resolved', open.alertId),
        time: now,
        payload: {
          alertId: open.alertId,
          name: open.name,
          resolvedAt: endsAt.toISOString(),
          reason: 'ended by its sender',
        },
        causationIds: [open.alertId],
      }),
    );
  }

  private async begin(
    work: AlertWork,
    {
      labels,
      annotations,
      startsAt,
    }: Required<Pick<PostedAlert, 'labels' | 'annotations'>> & { readonly startsAt: Date },
    fingerprint: string,
    now: Date,
  ): Promise<void> {
    const alert: Alert = {
      alertId: alertIdOf(fingerprint, startsAt.toISOString()),
      fingerprint,
      name: labels['alertname'] ?? 'unnamed',
      severity: severityOf(labels['severity']),
      labels,
      annotations,
      recommendations: [],
      startsAt,
      updatedAt: now,
      endsAt: undefined,
      acknowledgedBy: undefined,
      occurrences: 1,
    };
    await work.save(alert);
    const { alertId, name, severity } = alert;
    await work.state(
      pending(AlertFired, {
        id: alertId,
        time: now,
        payload: {
          alertId,
          name,
          severity,
          labels,
          annotations,
          recommendations: [],
          startsAt: startsAt.toISOString(),
        },
      }),
    );
  }
}

function severityOf(label: string | undefined): Severity {
  return label === 'critical' || label === 'info' ? label : 'warning';
}
