import { Injectable } from '@nestjs/common';
import { ModelTable } from './model-table.js';
import { StreamModel } from './score-features.js';

/** Ready means able to predict: the champion of the stream's model is loaded, proved and warm. */
@Injectable()
export class Readiness {
  /** Why the instance does not follow aliases and traffic splits; undefined when it does. */
  routingProblem: string | undefined = 'the aliases and traffic splits are being read';

  constructor(
    private readonly table: ModelTable,
    private readonly streamModel: StreamModel,
  ) {}

  /** Why the stream's model cannot answer; undefined when it can. */
  reason(): string | undefined {
    const route = this.table.findRoute(this.streamModel.name);
    if (route !== undefined && route.shares.some(({ percent }) => percent > 0)) return undefined;
    return `no version of ${this.streamModel.name} is loaded; one is when its alias champion is set and the file passes its proof`;
  }

  /** The state of the instance for an orchestrator. */
  check(): 'ready' | { readonly notReady: string } {
    const reason = this.routingProblem ?? this.reason();
    return reason === undefined ? 'ready' : { notReady: reason };
  }
}
