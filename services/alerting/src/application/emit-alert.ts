import { AlertFired, AlertResolved, causedBy, type Cause } from '@headrace/contracts';
import { deterministicId } from '@headrace/kernel';
import { eventOf } from '@headrace/messaging';
import { type Alert } from '../domain/alert.js';
import { type AlertUnitOfWork } from './ports.js';

export type NewAlert = Omit<Alert, 'updatedAt' | 'endsAt' | 'acknowledgedBy' | 'occurrences'>;

/** Stores a new alert and emits it. Without a cause: another program posted it. */
export async function emitAlertFired(
  work: AlertUnitOfWork,
  alert: NewAlert,
  now: Date,
  cause?: Cause,
): Promise<void> {
  await work.save({
    ...alert,
    updatedAt: now,
    endsAt: undefined,
    acknowledgedBy: undefined,
    occurrences: 1,
  });
  const { alertId, name, severity, labels, annotations, recommendations, startsAt } = alert;
  await work.emit(
    eventOf(AlertFired, {
      id: alertId,
      time: now,
      payload: {
        alertId,
        name,
        severity,
        labels,
        annotations,
        recommendations: [...recommendations],
        startsAt: startsAt.toISOString(),
      },
      ...causedBy(cause),
    }),
  );
}

/** Stores the end of an alert and emits it. Without a cause: another program ended it. */
export async function emitAlertResolved(
  work: AlertUnitOfWork,
  ended: Alert & { readonly endsAt: Date },
  reason: string,
  now: Date,
  cause?: Cause,
): Promise<void> {
  await work.save(ended);
  const { alertId, name, endsAt } = ended;
  await work.emit(
    eventOf(AlertResolved, {
      id: deterministicId('alert-resolved', alertId),
      time: now,
      payload: { alertId, name, resolvedAt: endsAt.toISOString(), reason },
      ...causedBy(cause, alertId),
    }),
  );
}
