import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { assertModelCanBeRenamed } from '../domain/registered-model.js';
import { ModelLedger } from './ports.js';

/** Renames a model that no alias points into. */
@Injectable()
export class RenameModel {
  constructor(
    private readonly ledger: ModelLedger,
    private readonly clock: Clock,
  ) {}

  execute(name: string, newName: string): Promise<void> {
    return this.ledger.change(async (unit) => {
      const model = await unit.lockModel(name);
      assertModelCanBeRenamed(model);
      await unit.renameModel(name, newName, this.clock.now());
    });
  }
}
