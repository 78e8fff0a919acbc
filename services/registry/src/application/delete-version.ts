import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { assertVersionCanBeDeleted } from '../domain/registered-model.js';
import { ModelLedger } from './ports.js';

/** Deletes a version that no alias points to. Its history stays. */
@Injectable()
export class DeleteVersion {
  constructor(
    private readonly ledger: ModelLedger,
    private readonly clock: Clock,
  ) {}

  execute(modelName: string, number: number): Promise<void> {
    return this.ledger.change(async (unit) => {
      const version = await unit.lockVersion(modelName, number);
      assertVersionCanBeDeleted(version, await unit.lockAliasesOf(modelName, number));
      await unit.deleteVersion(version, this.clock.now());
    });
  }
}
