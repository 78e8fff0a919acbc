import { Injectable } from '@nestjs/common';
import { Catalog } from './catalog.js';
import { LabelledRowCounts } from './ports.js';

export interface TrainingSetPreview {
  readonly rows: number;
  readonly positives: number;
  readonly from: string | null;
  readonly to: string | null;
}

/** How large a training set would be, without building it. */
@Injectable()
export class PreviewTrainingSet {
  constructor(
    private readonly catalog: Catalog,
    private readonly counts: LabelledRowCounts,
  ) {}

  async execute(viewName: string, labelName: string): Promise<TrainingSetPreview> {
    const label = this.catalog.label(labelName, this.catalog.view(viewName));
    const { rows, positives, from, to } = await this.counts.count(label.name);
    return { rows, positives, from: from?.toISOString() ?? null, to: to?.toISOString() ?? null };
  }
}
