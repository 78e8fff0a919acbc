import { Injectable } from '@nestjs/common';
import { DriftRepository } from './ports.js';

/** The names of the models that have a champion. */
@Injectable()
export class ListWatchedModels {
  constructor(private readonly repository: DriftRepository) {}

  execute(): Promise<readonly string[]> {
    return this.repository.findModelNames();
  }
}
