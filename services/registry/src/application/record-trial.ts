import { type TrialCompleted } from '@headrace/contracts';
import { deterministicId } from '@headrace/kernel';
import { type ReceivedEvent } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { ModelLedger } from './ports.js';

const statuses = { complete: 'FINISHED', pruned: 'KILLED', failed: 'FAILED' } as const;

/**
 * Makes a trial of a search a run below that of its training, as the MLflow interface nests them. The first one opens the
 * training's own run, which its model or its failure ends.
 */
@Injectable()
export class RecordTrial {
  constructor(private readonly ledger: ModelLedger) {}

  async execute(event: ReceivedEvent<typeof TrialCompleted>): Promise<void> {
    const { trainingId, trial, state, parameters, objective, modelName, runId, metric } = event.payload;
    // Stated before trials named their run: there is nothing to nest it below.
    if (modelName === undefined || runId === undefined) return;
    const { reason, startedAt, finishedAt } = event.payload;
    await this.ledger.change(async (change) => {
      if (!(await change.claim('record-trial', event.id))) return;
      const began = startedAt === undefined ? event.time : new Date(startedAt);
      await change.openRun({
        runId,
        experiment: modelName,
        name: trainingId,
        userId: 'trainer',
        startedAt: began,
        tags: { 'headrace.training_id': trainingId },
      });
      await change.saveFinishedRun({
        runId: deterministicId(trainingId, 'trial', String(trial)),
        experiment: modelName,
        name: `trial-${trial}`,
        userId: 'trainer',
        status: statuses[state],
        startedAt: began,
        finishedAt: finishedAt === undefined ? event.time : new Date(finishedAt),
        parameters: Object.fromEntries(
          Object.entries(parameters).map(([name, value]) => [name, String(value)]),
        ),
        metrics: objective === null ? {} : { [metric ?? 'objective']: objective },
        tags: {
          'mlflow.parentRunId': runId,
          'headrace.training_id': trainingId,
          'headrace.trial': state,
          ...(reason !== undefined && { 'headrace.reason': reason }),
        },
        files: {},
      });
    });
  }
}
