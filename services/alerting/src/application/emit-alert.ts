import { AlertFired, AlertResolved } from '@headrace/contracts';
import { deterministicId } from '@headrace/kernel';
import { eventOf } from '@headrace/messaging';
import { type Alert } from '../domain/alert.js';
import { type AlertUnitOfWork } from './ports.js';

/** The fact that an alert began or ended because of; undefined: somebody posted it. */
export interface AlertCause {
  readonly id: string;
  readonly correlationId: string | undefined;
}

export type NewAlert = Omit<Alert, 'updatedAt' | 'endsAt' | 'acknowledgedBy' | 'occurrences'>;

/** Keeps a new alert and states it. */
export async function emitAlertFired(
  work: AlertUnitOfWork,
  begun: NewAlert,
  now: Date,
  cause?: AlertCause,
): Promise<void> {
  await work.save({
    ...begun,
    updatedAt: now,
    endsAt: undefined,
    acknowledgedBy: undefined,
    occurrences: 1,
  });
  const { alertId, name, severity, labels, annotations, recommendations, startsAt } = begun;
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

/** Keeps the end of an alert and states it. */
export async function emitAlertResolved(
  work: AlertUnitOfWork,
  ended: Alert & { readonly endsAt: Date },
  reason: string,
  now: Date,
  cause?: AlertCause,
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

function causedBy(
  cause: AlertCause | undefined,
  ...more: readonly string[]
): { causationIds?: string[]; correlationId?: string } {
  const causationIds = [...(cause === undefined ? [] : [cause.id]), ...more];
  return {
    ...(causationIds.length > 0 && { causationIds }),
    ...(cause?.correlationId !== undefined && { correlationId: cause.correlationId }),
  };
}
