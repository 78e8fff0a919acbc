import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { count, evidence, instant, metricsByName, modelReference, verdict } from '../values.js';

export const PerformanceMeasured = defineEvent({
  type: 'headrace.drift.performance-measured',
  owner: 'drift',
  summary:
    'Emitted once per model version and window of matured outcomes, with the measured quality of its predictions.',
  payload: modelReference.extend({
    windowStart: instant,
    windowEnd: instant,
    predictions: count,
    labelled: count,
    metrics: metricsByName,
    verdict,
    evidence: z.array(evidence),
    measuredAt: instant,
  }),
  keyOf: (payload) => payload.modelName,
});
