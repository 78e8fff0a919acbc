import { type TrialCompleted } from '@headrace/contracts';
import { deterministicId } from '@headrace/kernel';
import { type ReceivedEvent } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { ModelLedger } from './ports.js';

const statuses = { complete: 'FINISHED', pruned: 'KILLED', failed: 'FAILED' } as const;

/**
 * Records a trial of a search as a run below that of its training, as MLflow's user interface nests them. The first trial
 * opens the run of the training; the trained model, or the failure, finishes it.
 */
@Injectable()
export class RecordTrial {
  constructor(private readonly ledger: ModelLedger) {}

  async execute(event: ReceivedEvent<typeof TrialCompleted>): Promise<void> {
    const { trainingId, trial, state, parameters, objective, modelName, runId, metric } = event.payload;
    // Events of older trainers do not name a run to nest the trial below.
    if (modelName === undefined || runId === undefined) return;
    const { reason, startedAt, finishedAt } = event.payload;
    await this.ledger.change(async (unit) => {
      if (!(await unit.claim('record-trial', event.id))) return;
      const start = startedAt === undefined ? event.time : new Date(startedAt);
      await unit.openRun({
        runId,
        experiment: modelName,
        name: trainingId,
        userId: 'trainer',
        startedAt: start,
        tags: { 'headrace.training_id': trainingId },
      });
      await unit.saveFinishedRun({
        runId: deterministicId(trainingId, 'trial', String(trial)),
        experiment: modelName,
        name: `trial-${trial}`,
        userId: 'trainer',
        status: statuses[state],
        startedAt: start,
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
