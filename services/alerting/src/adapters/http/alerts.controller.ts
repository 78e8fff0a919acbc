import { Clock } from '@headrace/kernel';
import { zod } from '@headrace/service-host';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { AcknowledgeAlert } from '../../application/acknowledge-alert.js';
import { AlertRepository, SilenceRepository } from '../../application/ports.js';
import { ReceiveAlerts } from '../../application/receive-alerts.js';
import { type Alert } from '../../domain/alert.js';
import { findSilences } from '../../domain/silence.js';

const annotations = z.record(z.string().max(128), z.string().max(4096));
/** A label with an empty value is the same as no label, as in Prometheus' data model (grafana#90284). */
const labels = annotations.transform((all) =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')),
);
/** Go programs such as amtool send the zero time for what is not given (alertmanager#3341). */
const goZeroTime = new Date('0001-01-01T00:00:00Z').getTime();
const time = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .transform((at) => (at.getTime() <= goZeroTime ? undefined : at));
const flag = z.stringbool().default(true);

const postedAlerts = z
  .array(
    z.object({
      labels: labels.refine((value) => (value['alertname'] ?? '') !== '', 'needs the label alertname'),
      annotations: annotations.default({}),
      startsAt: time.optional(),
      endsAt: time.optional(),
      generatorURL: z.string().optional(),
    }),
  )
  .max(1000);
const acknowledgement = z.object({
  by: z.string().min(1).max(256),
  comment: z.string().max(4096).optional(),
});
const filters = z.object({ active: flag, silenced: flag });

/** The alerts of Alertmanager's API v2, and their acknowledgement, which Alertmanager does not have. */
@Controller()
export class AlertsController {
  constructor(
    private readonly alerts: AlertRepository,
    private readonly silences: SilenceRepository,
    private readonly receiveAlerts: ReceiveAlerts,
    private readonly acknowledgeAlert: AcknowledgeAlert,
    private readonly clock: Clock,
  ) {}

  @Get('api/v2/alerts')
  async list(@Query(zod(filters)) query: z.output<typeof filters>): Promise<readonly unknown[]> {
    const now = this.clock.now();
    const silences = await this.silences.findAll();
    return (await this.alerts.findCurrent(now))
      .map((alert) => toAlertView(alert, findSilences(alert.labels, silences, now)))
      .filter(({ status }) => (status.state === 'active' ? query.active : query.silenced));
  }

  @Post('api/v2/alerts')
  @HttpCode(200)
  receive(@Body(zod(postedAlerts)) body: z.output<typeof postedAlerts>): Promise<void> {
    return this.receiveAlerts.execute(body);
  }

  @Post('v1/alerts/:alertId/acknowledge')
  @HttpCode(200)
  async acknowledge(
    @Param('alertId') alertId: string,
    @Body(zod(acknowledgement)) body: z.output<typeof acknowledgement>,
  ): Promise<unknown> {
    return toAlertView(await this.acknowledgeAlert.execute(alertId, body.by, body.comment), []);
  }
}

function toAlertView(alert: Alert, silences: readonly string[]) {
  const { alertId, annotations, fingerprint, recommendations, acknowledgedBy, occurrences } = alert;
  return {
    alertId,
    fingerprint,
    labels: alert.labels,
    annotations,
    recommendations,
    acknowledgedBy: acknowledgedBy ?? null,
    occurrences,
    startsAt: alert.startsAt.toISOString(),
    updatedAt: alert.updatedAt.toISOString(),
    endsAt: (alert.endsAt ?? new Date(alert.updatedAt.getTime() + 86_400_000)).toISOString(),
    generatorURL: '',
    receivers: [{ name: 'default' }],
    status: {
      state: silences.length > 0 ? 'suppressed' : 'active',
      silencedBy: silences,
      inhibitedBy: [],
      mutedBy: [],
    },
  };
}
