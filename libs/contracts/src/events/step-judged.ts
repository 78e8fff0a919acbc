import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { count, evidence, identifier, instant, modelReference, verdict } from '../values.js';

export const StepJudged = defineEvent({
  type: 'headrace.canary-controller.step-judged',
  owner: 'canary-controller',
  summary:
    'Emitted each time a step is judged (advanced, held or rolled back), with the evidence of every criterion.',
  payload: modelReference.extend({
    rolloutId: identifier,
    step: count,
    percent: z.number(),
    verdict,
    action: z.enum(['advance', 'hold', 'roll-back', 'promote']),
    evidence: z.array(evidence),
    policyVersion: z.string(),
    judgedAt: instant,
  }),
  keyOf: (payload) => payload.modelName,
});
