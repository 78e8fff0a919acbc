import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { identifier, instant } from '../values.js';

export const AlertAcknowledged = defineEvent({
  type: 'headrace.alerting.alert-acknowledged',
  owner: 'alerting',
  summary: 'Emitted when a person acknowledges an alert.',
  payload: z.object({ alertId: identifier, by: z.string(), at: instant, comment: z.string().optional() }),
  keyOf: (payload) => payload.alertId,
});
