import { type Cause } from '@headrace/contracts';
import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { type FireSignal, type ResolveSignal } from '../domain/alert-rule.js';
import { alertIdOf, fingerprintOf } from '../domain/alert.js';
import { AlertRules } from './alert-rules.js';
import { AlertRepository, type AlertUnitOfWork } from './ports.js';
import { emitAlertFired, emitAlertResolved } from './emit-alert.js';

interface TriggeringEvent extends Cause {
  readonly type: string;
  readonly payload: unknown;
}

/** Turns one event into alerts that begin, continue or end. Idempotent per event. */
@Injectable()
export class HandleEvent {
  constructor(
    private readonly rules: AlertRules,
    private readonly alerts: AlertRepository,
    private readonly clock: Clock,
  ) {}

  async execute(event: TriggeringEvent): Promise<void> {
    const signals = this.rules.evaluate(event);
    if (signals.length === 0) return;
    await this.alerts.change(async (work) => {
      if (!(await work.claim('alerting', event.id))) return;
      for (const signal of signals) {
        if (signal.kind === 'fire') await this.fire(work, signal, event);
        else await this.resolve(work, signal, event);
      }
    });
  }

  private async fire(
    work: AlertUnitOfWork,
    { rule, labels: own, summary }: FireSignal,
    cause: Cause,
  ): Promise<void> {
    const now = this.clock.now();
    const labels = { alertname: rule.name, severity: rule.severity, ...own };
    const fingerprint = fingerprintOf(labels);
    const annotations = { summary, ...(rule.runbook === undefined ? {} : { runbook_url: rule.runbook }) };
    const [open] = await work.findOpen(fingerprint);
    if (open !== undefined) {
      await work.save({ ...open, annotations, updatedAt: now, occurrences: open.occurrences + 1 });
      return;
    }
    await emitAlertFired(
      work,
      {
        alertId: alertIdOf(fingerprint, cause.id),
        fingerprint,
        name: rule.name,
        severity: rule.severity,
        labels,
        annotations,
        recommendations: rule.recommendations,
        startsAt: now,
      },
      now,
      cause,
    );
  }

  private async resolve(
    work: AlertUnitOfWork,
    { rule, labels, reason }: ResolveSignal,
    cause: Cause,
  ): Promise<void> {
    const now = this.clock.now();
    for (const alert of await work.findOpen()) {
      if (alert.name !== rule.name) continue;
      if (!Object.entries(labels).every(([name, value]) => alert.labels[name] === value)) continue;
      await emitAlertResolved(work, { ...alert, endsAt: now, updatedAt: now }, reason, now, cause);
    }
  }
}
