import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type Delivery } from '../../domain/rollout/delivery.js';
import { type Rollout } from '../../domain/rollout/rollout.js';

/** One row for each model: its versions, and the rollout in progress with its statistics. */
@Entity({ name: 'delivery' })
export class DeliveryEntity {
  @PrimaryColumn({ name: 'model_name', type: 'text' })
  modelName!: string;

  @Column({ type: 'boolean' })
  active!: boolean;

  @Column({ type: 'jsonb' })
  body!: Delivery;
}

/** Every rollout with its decisions. */
@Entity({ name: 'rollout' })
export class RolloutEntity {
  @PrimaryColumn({ name: 'rollout_id', type: 'text' })
  rolloutId!: string;

  @Column({ name: 'model_name', type: 'text' })
  modelName!: string;

  @Column({ name: 'started_at', type: 'timestamptz' })
  startedAt!: Date;

  @Column({ type: 'jsonb' })
  body!: Rollout;
}
