import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { identifier, instant } from '../values.js';

export const AlertResolved = defineEvent({
  type: 'headrace.alerting.alert-resolved',
  owner: 'alerting',
  summary: 'Emitted when an alert is resolved.',
  payload: z.object({ alertId: identifier, name: z.string(), resolvedAt: instant, reason: z.string() }),
  keyOf: (payload) => payload.alertId,
});
