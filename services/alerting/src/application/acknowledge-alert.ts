import { AlertAcknowledged } from '@headrace/contracts';
import { AppError, Clock, deterministicId } from '@headrace/kernel';
import { eventOf } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { type Alert } from '../domain/alert.js';
import { AlertRepository } from './ports.js';

export class AlertNotFoundError extends AppError {
  readonly code = 'ALERTING_ALERT_NOT_FOUND';
  readonly kind = 'not-found';

  constructor(alertId: string) {
    super(`Alert ${JSON.stringify(alertId)} does not exist; GET /api/v2/alerts lists the open ones`);
  }
}

export class AlertEndedError extends AppError {
  readonly code = 'ALERTING_ALERT_ENDED';
  readonly kind = 'conflict';

  constructor(alertId: string, endsAt: Date) {
    super(`Alert ${alertId} ended at ${endsAt.toISOString()}; only open alerts can be acknowledged`);
  }
}

/**
 * A person acknowledges an open alert: its notification is not repeated until it ends. Acknowledging it again under the
 * same name changes nothing.
 */
@Injectable()
export class AcknowledgeAlert {
  constructor(
    private readonly alerts: AlertRepository,
    private readonly clock: Clock,
  ) {}

  execute(alertId: string, by: string, comment: string | undefined): Promise<Alert> {
    return this.alerts.change(async (work) => {
      const alert = await work.findById(alertId);
      if (alert === undefined) throw new AlertNotFoundError(alertId);
      if (alert.endsAt !== undefined) throw new AlertEndedError(alertId, alert.endsAt);
      if (alert.acknowledgedBy === by) return alert;
      const now = this.clock.now();
      const acknowledged = { ...alert, acknowledgedBy: by, updatedAt: now };
      await work.save(acknowledged);
      await work.emit(
        eventOf(AlertAcknowledged, {
          id: deterministicId('alert-acknowledged', alertId, by),
          time: now,
          payload: { alertId, by, at: now.toISOString(), ...(comment === undefined ? {} : { comment }) },
          causationIds: [alertId],
          actor: by,
        }),
      );
      return acknowledged;
    });
  }
}
