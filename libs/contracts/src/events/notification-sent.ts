import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { identifier, instant } from '../values.js';

export const NotificationSent = defineEvent({
  type: 'headrace.alerting.notification-sent',
  owner: 'alerting',
  summary: 'Emitted when a channel accepts a notification.',
  payload: z.object({
    notificationId: identifier,
    channel: z.string(),
    alertIds: z.array(identifier).min(1),
    status: z.enum(['firing', 'resolved']),
    sentAt: instant,
  }),
  keyOf: (payload) => payload.notificationId,
});
