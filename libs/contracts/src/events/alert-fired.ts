import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { identifier, instant } from '../values.js';

const severity = z.enum(['info', 'warning', 'critical']);

export const AlertFired = defineEvent({
  type: 'headrace.alerting.alert-fired',
  owner: 'alerting',
  summary: 'Emitted when an alert starts to fire, not when it repeats.',
  payload: z.object({
    alertId: identifier,
    name: z.string(),
    severity,
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()),
    recommendations: z.array(z.string()),
    startsAt: instant,
  }),
  keyOf: (payload) => payload.alertId,
});
