import { Injectable } from '@nestjs/common';
import { assertExperimentCanBeDeleted } from '../domain/experiment.js';
import { ExperimentRepository } from './ports.js';

/** Deletes an experiment softly: it can be restored with its runs. */
@Injectable()
export class DeleteExperiment {
  constructor(private readonly experiments: ExperimentRepository) {}

  async execute(id: string): Promise<void> {
    assertExperimentCanBeDeleted(id);
    await this.experiments.setLifecycleStage(id, 'deleted');
  }
}
