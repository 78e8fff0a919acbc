import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { count, evidence, identifier, instant, modelReference } from '../values.js';

/** Emitted each time a step was judged: advanced, held or rolled back, with the evidence of every criterion. */
export const StepJudged = defineEvent({
  type: 'headrace.canary-controller.step-judged',
  topic: 'headrace.canary-controller.step-judged.v1',
  owner: 'canary-controller',
  summary:
    'Emitted each time a step was judged: advanced, held or rolled back, with the evidence of every criterion.',
  payload: modelReference.extend({
    rolloutId: identifier,
    step: count,
    percent: z.number(),
    verdict: z.enum(['healthy', 'degraded', 'inconclusive', 'no-data']),
    action: z.enum(['advance', 'hold', 'roll-back', 'promote']),
    evidence: z.array(evidence),
    policyVersion: z.string(),
    judgedAt: instant,
  }),
  keyOf: (payload) => payload.modelName,
});
