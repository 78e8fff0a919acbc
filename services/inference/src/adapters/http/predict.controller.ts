import { zod } from '@headrace/service-host';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { z } from 'zod';
import { PredictSystem, type SystemPrediction } from '../../application/predict-system.js';
import { StreamModel } from '../../application/score-features.js';

const predictBody = z.strictObject({
  system_id: z.string().min(1).max(512),
  model: z.string().min(1).max(512).optional(),
});

@Controller('v1/predict')
export class PredictController {
  constructor(
    private readonly predictSystem: PredictSystem,
    private readonly streamModel: StreamModel,
  ) {}

  @Post()
  @HttpCode(200)
  async predict(@Body(zod(predictBody)) body: z.output<typeof predictBody>): Promise<object> {
    return toWire(await this.predictSystem.execute(body.model ?? this.streamModel.name, body.system_id));
  }
}

function toWire(prediction: SystemPrediction): object {
  return {
    prediction_id: prediction.predictionId,
    model_name: prediction.modelName,
    model_version: String(prediction.modelVersion),
    model_digest: prediction.digest,
    arm: prediction.arm,
    system_id: prediction.systemId,
    probability: prediction.probability,
    features_at: prediction.featuresAt,
    missing_features: prediction.missingFeatures,
    degradation: prediction.degradation,
    error: prediction.error,
  };
}
