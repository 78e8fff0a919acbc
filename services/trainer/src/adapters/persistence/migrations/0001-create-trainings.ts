import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class CreateTrainings implements MigrationInterface {
  readonly name = 'create-trainings-1';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE training (
        id text PRIMARY KEY,
        model_name text NOT NULL,
        reason text NOT NULL,
        requested_by text NOT NULL,
        state text NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
        plan jsonb NOT NULL,
        request_fact_id text NOT NULL,
        requested_at timestamptz NOT NULL,
        started_at timestamptz,
        finished_at timestamptz,
        cancel_requested boolean NOT NULL DEFAULT false,
        attempts int NOT NULL DEFAULT 0,
        next_attempt_at timestamptz NOT NULL,
        progress jsonb,
        failed_step text,
        failure_code text,
        failure_message text,
        validated boolean,
        rows int
      )`);
    // At most one training of a model is unfinished, whoever asks and from however many processes.
    await runner.query(
      `CREATE UNIQUE INDEX training_unfinished ON training (model_name) WHERE state IN ('queued', 'running')`,
    );
    await runner.query('CREATE INDEX training_by_model ON training (model_name, requested_at DESC)');
    await runner.query(`
      CREATE TABLE training_step (
        training_id text NOT NULL REFERENCES training (id) ON DELETE CASCADE,
        name text NOT NULL,
        state text NOT NULL CHECK (state IN ('running', 'done')),
        started_at timestamptz NOT NULL,
        finished_at timestamptz,
        result jsonb,
        PRIMARY KEY (training_id, name)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE training_step');
    await runner.query('DROP TABLE training');
  }
}
