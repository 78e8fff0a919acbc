import { randomBytes } from 'node:crypto';
import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { startRun, type Run, type RunRequest } from '../domain/run.js';
import { ExperimentRepository, RunRepository } from './ports.js';

/** Starts a run of a client. */
@Injectable()
export class CreateRun {
  constructor(
    private readonly experiments: ExperimentRepository,
    private readonly runs: RunRepository,
    private readonly clock: Clock,
  ) {}

  async execute(experimentId: string, request: RunRequest): Promise<Run> {
    const experiment = await this.experiments.load(experimentId);
    const run = startRun(experiment, request, randomBytes(16).toString('hex'), this.clock.now());
    await this.runs.create(run);
    return this.runs.load(run.id);
  }
}
