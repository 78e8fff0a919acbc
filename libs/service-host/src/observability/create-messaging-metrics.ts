import { type MessagingMetrics } from '@headrace/messaging';
import { type ServiceMetrics } from '../service-metrics.js';

/** Metrics of the consumer. Topics and error codes are few enough to be labels. */
export function createMessagingMetrics(metrics: ServiceMetrics): MessagingMetrics {
  const handled = metrics.counter('messaging_handled_total', 'Events whose handler resolved', ['topic']);
  const retried = metrics.counter('messaging_retried_total', 'Calls repeated after a retryable error', [
    'topic',
    'code',
  ]);
  const deadLettered = metrics.counter(
    'messaging_dead_lettered_total',
    'Events sent to the dead letter topic',
    ['topic', 'code'],
  );
  const lag = metrics.gauge('messaging_lag_records', 'Records behind the end of a topic', ['topic']);
  return {
    handled: (topic, events) => handled.inc({ topic }, events),
    retried: (topic, code) => retried.inc({ topic, code }),
    deadLettered: (topic, code) => deadLettered.inc({ topic, code }),
    lag: (topic, records) => lag.set({ topic }, records),
  };
}
