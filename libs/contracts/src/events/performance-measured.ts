import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { count, evidence, instant, metricsByName, modelReference } from '../values.js';

/** Emitted once per model version and window of matured outcomes: how good the predictions really were. */
export const PerformanceMeasured = defineEvent({
  type: 'headrace.drift.performance-measured',
  topic: 'headrace.drift.performance-measured.v1',
  owner: 'drift',
  summary:
    'Emitted once per model version and window of matured outcomes: how good the predictions really were.',
  payload: modelReference.extend({
    windowStart: instant,
    windowEnd: instant,
    predictions: count,
    labelled: count,
    metrics: metricsByName,
    verdict: z.enum(['healthy', 'degraded', 'inconclusive', 'no-data']),
    evidence: z.array(evidence),
    measuredAt: instant,
  }),
  keyOf: (payload) => payload.modelName,
});
