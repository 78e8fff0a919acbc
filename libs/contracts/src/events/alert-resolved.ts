import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { identifier, instant } from '../values.js';

/** Emitted when an alert has ended. */
export const AlertResolved = defineEvent({
  type: 'headrace.alerting.alert-resolved',
  topic: 'headrace.alerting.alert-resolved.v1',
  owner: 'alerting',
  summary: 'Emitted when an alert has ended.',
  payload: z.object({ alertId: identifier, name: z.string(), resolvedAt: instant, reason: z.string() }),
  keyOf: (payload) => payload.alertId,
});
