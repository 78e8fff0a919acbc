import { type TrainingFailed } from '@headrace/contracts';
import { type ReceivedEvent } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { ModelLedger } from './ports.js';

/** Records a training that ended without a model as a run, with the reason. Its trials name this run as their parent. */
@Injectable()
export class RecordFailedTraining {
  constructor(private readonly ledger: ModelLedger) {}

  async execute(event: ReceivedEvent<typeof TrainingFailed>): Promise<void> {
    const { trainingId, modelName, step, code, message, runId, outcome } = event.payload;
    // Events of older trainers do not name a run.
    if (runId === undefined) return;
    const finishedAt = new Date(event.payload.failedAt);
    const { startedAt } = event.payload;
    await this.ledger.change(async (unit) => {
      if (!(await unit.claim('record-failed-training', event.id))) return;
      await unit.saveFinishedRun({
        runId,
        experiment: modelName,
        name: trainingId,
        userId: 'trainer',
        status: outcome === 'cancelled' ? 'KILLED' : 'FAILED',
        startedAt: startedAt === undefined ? finishedAt : new Date(startedAt),
        finishedAt,
        parameters: {},
        metrics: {},
        tags: {
          'headrace.training_id': trainingId,
          'headrace.failed_step': step,
          'headrace.failure_code': code,
          'headrace.failure': message,
        },
        files: {},
      });
    });
  }
}
