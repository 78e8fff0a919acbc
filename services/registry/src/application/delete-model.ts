import { Injectable } from '@nestjs/common';
import { assertModelCanBeDeleted } from '../domain/registered-model.js';
import { ModelLedger } from './ports.js';

/** Deletes a model that no alias points into, with its versions. The history of its aliases stays. */
@Injectable()
export class DeleteModel {
  constructor(private readonly ledger: ModelLedger) {}

  execute(name: string): Promise<void> {
    return this.ledger.change(async (unit) => {
      const model = await unit.lockModel(name);
      assertModelCanBeDeleted(model);
      await unit.deleteModel(name);
    });
  }
}
