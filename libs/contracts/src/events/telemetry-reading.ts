import { z } from 'zod';
import { defineEvent } from '../define-event.js';

/**
 * The public front door on Kafka: whoever measures a system may publish here. Ingestion judges every reading; nothing
 * else consumes this topic. The payload is open, because a bad reading must reach the quarantine and not a parser.
 */
export const TelemetryReading = defineEvent({
  type: 'headrace.telemetry.reading.v1',
  topic: 'headrace.telemetry.v1',
  owner: 'producers',
  summary: 'One measurement of one system, as its producer sent it.',
  payload: z.record(z.string(), z.unknown()),
  keyOf: (payload) => (typeof payload['system_id'] === 'string' ? payload['system_id'] : ''),
  partitions: 8,
  retentionDays: 7,
  factsPerRecord: 500,
});
