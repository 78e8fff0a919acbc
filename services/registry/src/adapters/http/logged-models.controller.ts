import { Controller, HttpCode, Post, UseFilters } from '@nestjs/common';
import { MlflowErrorFilter } from './mlflow-errors.js';
import { type WireResponse } from './mlflow-wire.js';

/**
 * MLflow 3 asks for the logged models of a run before it lists artifacts or registers a version. We keep none: a run's
 * models are its artifacts, and an empty answer sends the client there.
 */
@Controller('api/2.0/mlflow/logged-models')
@UseFilters(MlflowErrorFilter)
export class LoggedModelsController {
  @Post('search')
  @HttpCode(200)
  search(): WireResponse {
    return { models: [] };
  }
}
