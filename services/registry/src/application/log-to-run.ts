import { Injectable } from '@nestjs/common';
import { logToRun, type LogBatch } from '../domain/run.js';
import { RunRepository } from './ports.js';

/** Logs a batch to a run: all of it or nothing. A retried batch changes nothing. */
@Injectable()
export class LogToRun {
  constructor(private readonly runs: RunRepository) {}

  execute(runId: string, batch: Partial<LogBatch>): Promise<void> {
    const { metrics = [], params = [], tags = [] } = batch;
    const paramKeys = params.map(({ key }) => key);
    return this.runs.update(runId, paramKeys, (run) => logToRun(run, { metrics, params, tags }));
  }
}
