import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'notification_groups' })
export class NotificationGroupEntity {
  @PrimaryColumn({ name: 'group_key', type: 'text' })
  groupKey!: string;

  @PrimaryColumn({ type: 'text' })
  channel!: string;

  @Column({ name: 'first_seen_at', type: 'timestamptz' })
  firstSeenAt!: Date;

  @Column({ name: 'last_sent_at', type: 'timestamptz', nullable: true })
  lastSentAt!: Date | null;

  @Column({ name: 'told_firing', type: 'text', array: true })
  notifiedFiring!: string[];

  @Column({ name: 'failed_attempts', type: 'int' })
  failedAttempts!: number;
}
