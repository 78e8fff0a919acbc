import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What a running step goes on from after a kill. */
export class KeepCheckpoints implements MigrationInterface {
  readonly name = 'keep-checkpoints-2';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE training_step ADD COLUMN checkpoint jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE training_step DROP COLUMN checkpoint');
  }
}
