import { z } from 'zod';
import { defineEvent } from '../define-event.js';

/**
 * The public entry point on Kafka: any producer of measurements may publish here. Only ingestion consumes this topic and
 * validates every reading. The payload is open, because an invalid reading must reach the quarantine and not fail in a parser.
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
  maxEventsPerRecord: 500,
});
