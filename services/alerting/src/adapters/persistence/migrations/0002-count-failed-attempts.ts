import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class CountFailedAttempts1700000000002 implements MigrationInterface {
  readonly name = 'CountFailedAttempts1700000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE notification_groups ADD COLUMN failed_attempts integer NOT NULL DEFAULT 0',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE notification_groups DROP COLUMN failed_attempts');
  }
}
