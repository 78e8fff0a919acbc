import { AppError } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { Catalog } from './catalog.js';
import { TrainingSetBuilder } from './ports.js';

export class TrainingSetEmptyError extends AppError {
  readonly code = 'FEATURE_STORE_TRAINING_SET_EMPTY';
  readonly kind = 'conflict';

  constructor(view: string, label: string) {
    super(
      `No row of ${view} has a matured ${label} in that period; GET /v1/training-sets/preview counts those that do`,
    );
  }
}

export interface TrainingSetRequest {
  readonly view: string;
  readonly label: string;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly asOf?: Date | undefined;
}

export interface TrainingSetAnswer {
  readonly key: string;
  readonly digest: string;
  readonly rows: number;
  readonly positives: number;
  readonly from: string;
  readonly to: string;
  readonly featureNames: readonly string[];
}

/** Builds the training set of a view and a label as it was known at a time. */
@Injectable()
export class CreateTrainingSet {
  constructor(
    private readonly catalog: Catalog,
    private readonly builder: TrainingSetBuilder,
  ) {}

  async execute(request: TrainingSetRequest): Promise<TrainingSetAnswer> {
    const view = this.catalog.view(request.view);
    const label = this.catalog.label(request.label, view);
    const { from, to, asOf } = request;
    const set = await this.builder.build({ view, label: label.name, from, to, asOf });
    if (set?.from === undefined || set.to === undefined) {
      throw new TrainingSetEmptyError(view.name, label.name);
    }
    return {
      key: set.key,
      digest: set.digest,
      rows: set.rows,
      positives: set.positives,
      from: set.from.toISOString(),
      to: set.to.toISOString(),
      featureNames: view.featureNames,
    };
  }
}
