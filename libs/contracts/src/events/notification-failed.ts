import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { identifier, instant } from '../values.js';

export const NotificationFailed = defineEvent({
  type: 'headrace.alerting.notification-failed',
  owner: 'alerting',
  summary: 'Emitted when a channel rejects a notification or all attempts fail. The alert stays open.',
  payload: z.object({
    notificationId: identifier,
    channel: z.string(),
    alertIds: z.array(identifier).min(1),
    attempts: z.number().int().positive(),
    message: z.string(),
    failedAt: instant,
  }),
  keyOf: (payload) => payload.notificationId,
});
