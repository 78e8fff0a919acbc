import { Controller, HttpCode, Post, UseFilters } from '@nestjs/common';
import { MlflowErrorFilter } from './mlflow-errors.js';
import { type WireResponse } from './mlflow-wire.js';

/**
 * MLflow 3 requests the logged models of a run before it lists artifacts or registers a version. The registry has none:
 * the models of a run are artifacts, and clients fall back to those when the list is empty.
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
