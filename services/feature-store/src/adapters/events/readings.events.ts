import { ReadingAccepted } from '@headrace/contracts';
import { OnBatch, type ReceivedEvent } from '@headrace/messaging';
import { Controller } from '@nestjs/common';
import { ComputeViews } from '../../application/compute-views.js';

@Controller()
export class ReadingsEvents {
  constructor(private readonly computeViews: ComputeViews) {}

  @OnBatch(ReadingAccepted)
  onReadings(readings: readonly ReceivedEvent<typeof ReadingAccepted>[]): Promise<void> {
    return this.computeViews.execute(readings);
  }
}
