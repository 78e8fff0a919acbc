import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { type ModelStage } from '../domain/registered-model.js';
import { ModelLedger } from './ports.js';

export interface MoveToStageRequest {
  readonly modelName: string;
  readonly version: number;
  readonly stage: ModelStage;
  /** Archive the versions that are in the stage now. */
  readonly archiveOthers: boolean;
}

/** Moves a version to a stage of MLflow. Stages are labels: serving follows aliases. */
@Injectable()
export class MoveToStage {
  constructor(
    private readonly ledger: ModelLedger,
    private readonly clock: Clock,
  ) {}

  execute({ modelName, version: number, stage, archiveOthers }: MoveToStageRequest): Promise<void> {
    return this.ledger.change(async (unit) => {
      const version = await unit.lockVersion(modelName, number);
      const at = this.clock.now();
      if (archiveOthers) await unit.archiveOthers(version, stage, at);
      await unit.moveToStage(version, stage, at);
    });
  }
}
