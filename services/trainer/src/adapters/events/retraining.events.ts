import { RetrainingRequested } from '@headrace/contracts';
import { isAppError } from '@headrace/kernel';
import { On, type ReceivedEvent } from '@headrace/messaging';
import { ServiceLogger } from '@headrace/service-host';
import { Controller } from '@nestjs/common';
import { RequestTraining } from '../../application/request-training.js';

@Controller()
export class RetrainingEvents {
  constructor(
    private readonly requestTraining: RequestTraining,
    private readonly logger: ServiceLogger,
  ) {}

  @On(RetrainingRequested)
  async onRetrainingRequested(event: ReceivedEvent<typeof RetrainingRequested>): Promise<void> {
    const { modelName, reason } = event.payload;
    try {
      await this.requestTraining.execute({
        modelName,
        reason,
        requestedBy: 'drift',
        cause: { id: event.id, correlationId: event.correlationId },
      });
    } catch (error) {
      // A training on its way learns from the same data: the wish is fulfilled by it.
      if (!isAppError(error) || error.code !== 'TRAINER_TRAINING_IN_PROGRESS') throw error;
      this.logger.info(
        { modelName, requestId: event.payload.requestId, why: error.message },
        'Retraining is on its way already',
      );
    }
  }
}
