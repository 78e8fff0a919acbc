import { type ServiceLogger } from '@headrace/service-host';
import { Channel, type Notification } from '../../application/ports.js';

/** Logs one line per notification. Always configured. */
export class LogChannel extends Channel {
  readonly name = 'log';

  constructor(private readonly logger: ServiceLogger) {
    super();
  }

  notify({ status, firing, resolved }: Notification): Promise<void> {
    const summary = [...firing, ...resolved].map(
      (alert) => `${alert.name}: ${alert.annotations['summary'] ?? ''}`,
    );
    this.logger.warn(
      { status, alerts: [...firing, ...resolved].map((alert) => alert.alertId) },
      `${status}: ${summary.join('; ')}`,
    );
    return Promise.resolve();
  }
}
