import { Injectable } from '@nestjs/common';
import { ModelTable } from './model-table.js';
import { StreamModel } from './score-features.js';

/** Ready means able to do the job: the champion of the stream's model is loaded, proved and warm. */
@Injectable()
export class Readiness {
  constructor(
    private readonly table: ModelTable,
    private readonly streamModel: StreamModel,
  ) {}

  /** Undefined when ready. */
  reason(): string | undefined {
    const route = this.table.routeOf(this.streamModel.name);
    if (route !== undefined && route.shares.some(({ percent }) => percent > 0)) return undefined;
    return `no version of ${this.streamModel.name} is loaded; one is when its alias champion is set and the file passes its proof`;
  }
}
