import { lookup } from 'node:dns/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type LookupFunction } from 'node:net';
import { AppError } from '@headrace/kernel';
import { Channel, type Notification } from '../../application/ports.js';
import { type Alert } from '../../domain/alert.js';
import { requirePublicAddress } from './public-address.js';

export class WebhookRefusedError extends AppError {
  readonly code = 'ALERTING_WEBHOOK_REFUSED';
  readonly kind = 'unavailable';
}

export interface WebhookOptions {
  readonly url: URL;
  readonly timeoutMs: number;
  readonly allowPrivateTargets: boolean;
}

/**
 * Posts notifications in Alertmanager's webhook format (version 4). The host is resolved once and the connection goes to
 * the address that was checked, which rules out DNS rebinding. Redirects are not followed.
 */
export class WebhookChannel extends Channel {
  readonly name = 'webhook';

  constructor(private readonly options: WebhookOptions) {
    super();
  }

  async notify(notification: Notification): Promise<void> {
    const { url, allowPrivateTargets } = this.options;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const { address, family } = await lookup(host);
    if (!allowPrivateTargets) requirePublicAddress(host, address);
    const pinned: LookupFunction = (_host, options, callback) => {
      if (options.all === true) callback(null, [{ address, family }]);
      else callback(null, address, family);
    };
    await this.post(JSON.stringify(toWebhookBody(notification)), pinned);
  }

  private post(body: string, pinned: LookupFunction): Promise<void> {
    const { url, timeoutMs } = this.options;
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const call = request(
        url,
        {
          method: 'POST',
          lookup: pinned,
          signal: AbortSignal.timeout(timeoutMs),
          headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        },
        (response) => {
          response.resume();
          const status = response.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve();
          else reject(new WebhookRefusedError(`The webhook answered ${status}`));
        },
      );
      call.on('error', (cause) =>
        reject(new WebhookRefusedError(`The webhook at ${url.host} cannot be reached`, { cause })),
      );
      call.end(body);
    });
  }
}

function toWebhookBody({ status, groupLabels, firing, resolved }: Notification): unknown {
  const alerts = [...firing, ...resolved];
  const common = (pick: (alert: Alert) => Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(alerts[0] === undefined ? {} : pick(alerts[0])).filter(([name, value]) =>
        alerts.every((alert) => pick(alert)[name] === value),
      ),
    );
  return {
    version: '4',
    status,
    receiver: 'webhook',
    groupKey: JSON.stringify(groupLabels),
    groupLabels,
    commonLabels: common((alert) => alert.labels),
    commonAnnotations: common((alert) => alert.annotations),
    truncatedAlerts: 0,
    externalURL: '',
    alerts: alerts.map((alert) => ({
      status: alert.endsAt === undefined ? 'firing' : 'resolved',
      labels: alert.labels,
      annotations: { ...alert.annotations, recommendations: alert.recommendations.join('\n') },
      startsAt: alert.startsAt.toISOString(),
      endsAt: alert.endsAt?.toISOString() ?? '0001-01-01T00:00:00Z',
      generatorURL: '',
      fingerprint: alert.fingerprint,
    })),
  };
}
