import { Injectable } from '@nestjs/common';
import { CheckModel, type CheckResult } from './check-model.js';
import { DriftRepository } from './ports.js';

/** Closes the open windows right now, as a person asks: those of one model, or of all. */
@Injectable()
export class CheckDrift {
  constructor(
    private readonly repository: DriftRepository,
    private readonly checkModel: CheckModel,
  ) {}

  async execute(modelName?: string): Promise<readonly CheckResult[]> {
    const names = modelName === undefined ? await this.repository.findModelNames() : [modelName];
    const results = [];
    for (const name of names) results.push(await this.checkModel.execute(name, 'now'));
    return results;
  }
}
