import { type MessagingMetrics } from '@headrace/messaging';
import { type ServiceMetrics } from '../service-metrics.js';

/** What the consumer does, in the service's metrics. Topics and error codes are few, so they may be labels. */
export function createMessagingMetrics(metrics: ServiceMetrics): MessagingMetrics {
  const handled = metrics.counter('messaging_handled_total', 'Facts whose handler resolved', ['topic']);
  const retried = metrics.counter('messaging_retried_total', 'Calls repeated after a retryable error', [
    'topic',
    'code',
  ]);
  const dead = metrics.counter('messaging_dead_lettered_total', 'Facts that went to the dead letters', [
    'topic',
    'code',
  ]);
  const lag = metrics.gauge('messaging_lag_records', 'Records behind the end of a topic', ['topic']);
  return {
    handled: (topic, facts) => handled.inc({ topic }, facts),
    retried: (topic, code) => retried.inc({ topic, code }),
    deadLettered: (topic, code) => dead.inc({ topic, code }),
    lag: (topic, records) => lag.set({ topic }, records),
  };
}
