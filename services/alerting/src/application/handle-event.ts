import { AlertFired, AlertResolved } from '@headrace/contracts';
import { Clock, deterministicId } from '@headrace/kernel';
import { pending } from '@headrace/messaging';
import { Inject, Injectable } from '@nestjs/common';
import { signalsOf, type AlertRule, type AlertSignal, type ResolveSignal } from '../domain/alert-rule.js';
import { alertIdOf, fingerprintOf, type Alert } from '../domain/alert.js';
import { AlertRepository, type AlertWork } from './ports.js';

export const alertRules = Symbol('alertRules');

interface Cause {
  readonly id: string;
  readonly type: string;
  readonly payload: unknown;
  readonly correlationId: string | undefined;
}

/** Turns one event into alerts that begin, continue or end. Delivered twice it counts once. */
@Injectable()
export class HandleEvent {
  constructor(
    @Inject(alertRules) private readonly rules: readonly AlertRule[],
    private readonly alerts: AlertRepository,
    private readonly clock: Clock,
  ) {}

  async execute(event: Cause): Promise<void> {
    const signals = signalsOf(this.rules, event);
    if (signals.length === 0) return;
    await this.alerts.change(async (work) => {
      if (!(await work.firstTime(event.id))) return;
      for (const signal of signals) {
        if (signal.kind === 'fire') await this.fire(work, signal, event);
        else await this.resolve(work, signal, event);
      }
    });
  }

  private async fire(
    work: AlertWork,
    { rule, labels: own, summary }: AlertSignal,
    cause: Cause,
  ): Promise<void> {
    const now = this.clock.now();
    const labels = { alertname: rule.name, severity: rule.severity, ...own };
    const fingerprint = fingerprintOf(labels);
    const annotations = { summary, ...(rule.runbook === undefined ? {} : { runbook_url: rule.runbook }) };
    const [open] = await work.open(fingerprint);
    if (open !== undefined) {
      await work.save({ ...open, annotations, updatedAt: now, occurrences: open.occurrences + 1 });
      return;
    }
    const alert: Alert = {
      alertId: alertIdOf(fingerprint, cause.id),
      fingerprint,
      name: rule.name,
      severity: rule.severity,
      labels,
      annotations,
      recommendations: rule.recommendations,
      startsAt: now,
      updatedAt: now,
      endsAt: undefined,
      acknowledgedBy: undefined,
      occurrences: 1,
    };
    await work.save(alert);
    const { alertId, name, severity, recommendations } = alert;
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
          recommendations: [...recommendations],
          startsAt: now.toISOString(),
        },
        ...causedBy(cause),
      }),
    );
  }

  private async resolve(
    work: AlertWork,
    { rule, labels, reason }: ResolveSignal,
    cause: Cause,
  ): Promise<void> {
    const now = this.clock.now();
    for (const alert of await work.open()) {
      if (alert.name !== rule.name) continue;
      if (!Object.entries(labels).every(([name, value]) => alert.labels[name] === value)) continue;
      await work.save({ ...alert, endsAt: now, updatedAt: now });
      await work.state(
        pending(AlertResolved, {
          id: deterministicId('alert-resolved', alert.alertId),
          time: now,
          payload: { alertId: alert.alertId, name: alert.name, resolvedAt: now.toISOString(), reason },
          ...causedBy(cause, alert.alertId),
        }),
      );
    }
  }
}

function causedBy(
  cause: Cause,
  ...more: readonly string[]
): { causationIds: string[]; correlationId?: string } {
  return {
    causationIds: [cause.id, ...more],
    ...(cause.correlationId === undefined ? {} : { correlationId: cause.correlationId }),
  };
}
