import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { count, evidence, identifier, instant, metricsByName } from '../values.js';

export const ModelTrained = defineEvent({
  type: 'headrace.trainer.model-trained',
  owner: 'trainer',
  summary:
    'Emitted when a model is trained, validated and stored, with everything that the registry needs to register it.',
  payload: z.object({
    trainingId: identifier,
    runId: identifier,
    modelName: identifier,
    /** SHA-256 of the ONNX file. */
    digest: z.string().startsWith('sha256:'),
    /** Object-store key of the ONNX file. */
    artifactKey: z.string().min(1),
    artifacts: z.record(z.string(), z.object({ key: z.string(), digest: z.string().startsWith('sha256:') })),
    /** Order of the columns of the input tensor. */
    featureNames: z.array(z.string()).min(1),
    /** Members of the ensemble, each with its output's name. */
    members: z.array(z.object({ name: z.string(), kind: z.string() })).min(1),
    label: z.string(),
    parameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
    /** Metrics on the held-out last part of the data. */
    metrics: metricsByName,
    trainingSet: z.object({ digest: z.string(), rows: count, positives: count, from: instant, to: instant }),
    /** Validation gate: true when every criterion of the training plan is met. */
    validated: z.boolean(),
    evidence: z.array(evidence),
    library: z.string(),
    startedAt: instant,
    finishedAt: instant,
    reason: z.string(),
  }),
  keyOf: (payload) => payload.modelName,
});
