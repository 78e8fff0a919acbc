import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'ledger' })
export class LedgerEntryEntity {
  @PrimaryColumn({ name: 'event_id', type: 'text' })
  eventId!: string;

  @Column({ type: 'text' })
  type!: string;

  @Column({ name: 'happened_at', type: 'timestamptz' })
  happenedAt!: Date;

  @Column({ type: 'text', array: true })
  subjects!: string[];

  @Column({ name: 'correlation_id', type: 'text', nullable: true })
  correlationId!: string | null;

  @Column({ name: 'causation_ids', type: 'text', array: true })
  causationIds!: string[];

  @Column({ type: 'jsonb' })
  payload!: unknown;
}
