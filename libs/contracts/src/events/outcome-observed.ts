import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { identifier, instant } from '../values.js';

export const OutcomeObserved = defineEvent({
  type: 'headrace.feature-store.outcome-observed',
  owner: 'feature-store',
  summary: 'Emitted once per labelled instant when its label matures, with the observed outcome.',
  payload: z.object({
    outcomeId: identifier,
    label: z.string(),
    systemId: identifier,
    /** The instant that the label describes: the event time of the features it belongs to. */
    eventTime: instant,
    value: z.number(),
    maturedAt: instant,
    /** The reading or incident that decided the label. */
    decidedBy: identifier,
  }),
  keyOf: (payload) => payload.systemId,
  partitions: 8,
  retentionDays: 30,
  maxEventsPerRecord: 500,
});
