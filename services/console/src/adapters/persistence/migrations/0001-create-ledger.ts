import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class CreateLedger1700000000001 implements MigrationInterface {
  readonly name = 'CreateLedger1700000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ledger (
        event_id text PRIMARY KEY,
        type text NOT NULL,
        happened_at timestamptz NOT NULL,
        subjects text[] NOT NULL,
        correlation_id text,
        causation_ids text[] NOT NULL,
        payload jsonb NOT NULL
      )`);
    await runner.query('CREATE INDEX ledger_happened_at ON ledger (happened_at)');
    await runner.query('CREATE INDEX ledger_subjects ON ledger USING gin (subjects)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE ledger');
  }
}
