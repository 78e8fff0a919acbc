import { causedBy, type PredictionMade, type Cause, type PayloadOf } from '@headrace/contracts';
import { type NewEvent } from '@headrace/messaging';
import { type Share } from '../domain/choose-arm.js';
import { type LoadedModel } from './loaded-model.js';
import { type RowAnswer } from './score-rows.js';

type Payload = PayloadOf<typeof PredictionMade>;

/** One answered row, with what it was predicted from and by whom. */
export interface Prediction {
  readonly predictionId: string;
  readonly model: Pick<LoadedModel, 'modelName' | 'modelVersion' | 'digest'>;
  readonly arm: Share['arm'];
  readonly rolloutId: string | undefined;
  readonly systemId: string;
  /** When the features were true, ISO-8601. */
  readonly eventTime: string;
  readonly predictedAt: Date;
  readonly featuresId: string | undefined;
  readonly origin: Payload['origin'];
  readonly shadow?: Payload['shadow'];
  readonly latencyMs: number;
  readonly answer: RowAnswer;
  /** The event whose features were scored; undefined when they were read or came with a request. */
  readonly cause?: Cause;
}

export function toPredictionEvent(prediction: Prediction): NewEvent<typeof PredictionMade> {
  const { predictionId, model, predictedAt, featuresId, cause } = prediction;
  const causes = cause === undefined && featuresId !== undefined ? [featuresId] : [];
  return {
    id: predictionId,
    time: predictedAt,
    ...causedBy(cause, ...causes),
    payload: {
      modelName: model.modelName,
      modelVersion: model.modelVersion,
      predictionId,
      digest: model.digest,
      arm: prediction.arm,
      rolloutId: prediction.rolloutId ?? null,
      systemId: prediction.systemId,
      eventTime: prediction.eventTime,
      predictedAt: predictedAt.toISOString(),
      featuresId: featuresId ?? null,
      origin: prediction.origin,
      shadow: prediction.shadow ?? [],
      latencyMs: prediction.latencyMs,
      ...prediction.answer,
    },
  };
}
