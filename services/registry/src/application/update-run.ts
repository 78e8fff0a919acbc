import { Injectable } from '@nestjs/common';
import { updateRun, type Run, type RunUpdate } from '../domain/run.js';
import { RunRepository } from './ports.js';

/** Ends or renames a run. */
@Injectable()
export class UpdateRun {
  constructor(private readonly runs: RunRepository) {}

  async execute(runId: string, update: RunUpdate): Promise<Run> {
    await this.runs.update(runId, [], (run) => updateRun(run, update));
    return this.runs.load(runId);
  }
}
