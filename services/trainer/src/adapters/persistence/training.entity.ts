import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type PlanSnapshot } from '../../application/training-plan.js';
import { type TrainingProgress } from '../../application/training-repository.js';
import { type StepName, type TrainingState } from '../../domain/training.js';

@Entity({ name: 'training' })
export class TrainingEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ name: 'model_name', type: 'text' })
  modelName!: string;

  @Column({ type: 'text' })
  reason!: string;

  @Column({ name: 'requested_by', type: 'text' })
  requestedBy!: string;

  @Column({ type: 'text' })
  state!: TrainingState;

  @Column({ type: 'jsonb' })
  plan!: PlanSnapshot;

  @Column({ name: 'request_fact_id', type: 'text' })
  requestFactId!: string;

  @Column({ name: 'requested_at', type: 'timestamptz' })
  requestedAt!: Date;

  @Column({ name: 'started_at', type: 'timestamptz', nullable: true })
  startedAt!: Date | null;

  @Column({ name: 'finished_at', type: 'timestamptz', nullable: true })
  finishedAt!: Date | null;

  @Column({ name: 'cancel_requested', type: 'boolean' })
  cancelRequested!: boolean;

  @Column({ type: 'int' })
  attempts!: number;

  @Column({ name: 'next_attempt_at', type: 'timestamptz' })
  nextAttemptAt!: Date;

  @Column({ type: 'jsonb', nullable: true })
  progress!: TrainingProgress | null;

  @Column({ name: 'failed_step', type: 'text', nullable: true })
  failedStep!: string | null;

  @Column({ name: 'failure_code', type: 'text', nullable: true })
  failureCode!: string | null;

  @Column({ name: 'failure_message', type: 'text', nullable: true })
  failureMessage!: string | null;

  @Column({ type: 'boolean', nullable: true })
  validated!: boolean | null;

  @Column({ type: 'int', nullable: true })
  rows!: number | null;
}

@Entity({ name: 'training_step' })
export class TrainingStepEntity {
  @PrimaryColumn({ name: 'training_id', type: 'text' })
  trainingId!: string;

  @PrimaryColumn({ type: 'text' })
  name!: StepName;

  @Column({ type: 'text' })
  state!: 'running' | 'done';

  @Column({ name: 'started_at', type: 'timestamptz' })
  startedAt!: Date;

  @Column({ name: 'finished_at', type: 'timestamptz', nullable: true })
  finishedAt!: Date | null;

  @Column({ type: 'jsonb', nullable: true })
  result!: unknown;

  @Column({ type: 'jsonb', nullable: true })
  checkpoint!: unknown;
}
