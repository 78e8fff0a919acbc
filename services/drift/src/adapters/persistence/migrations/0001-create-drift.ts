import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class CreateDrift1700000000001 implements MigrationInterface {
  readonly name = 'CreateDrift1700000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE watch (
        model_name text PRIMARY KEY,
        state jsonb
      )`);
    await runner.query(`
      CREATE TABLE report (
        drift_id text PRIMARY KEY,
        model_name text NOT NULL,
        closed_at timestamptz NOT NULL,
        report jsonb NOT NULL
      )`);
    await runner.query('CREATE INDEX report_newest ON report (model_name, closed_at DESC)');
    await runner.query(`
      CREATE TABLE performance (
        model_name text NOT NULL,
        model_version int NOT NULL,
        measured_at timestamptz NOT NULL,
        report jsonb NOT NULL
      )`);
    await runner.query(
      'CREATE INDEX performance_newest ON performance (model_name, model_version, measured_at DESC)',
    );
    await runner.query(`
      CREATE TABLE prediction (
        prediction_id text PRIMARY KEY,
        model_name text NOT NULL,
        model_version int NOT NULL,
        system_id text NOT NULL,
        event_time timestamptz NOT NULL,
        probability double precision NOT NULL,
        label_name text NOT NULL,
        label double precision,
        measured boolean NOT NULL DEFAULT false,
        stored_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(
      'CREATE INDEX prediction_waiting ON prediction (system_id, event_time) WHERE label IS NULL',
    );
    await runner.query(
      'CREATE INDEX prediction_labelled ON prediction (model_name, model_version, event_time) WHERE label IS NOT NULL AND NOT measured',
    );
    await runner.query(
      'CREATE INDEX prediction_by_time ON prediction (model_name, model_version, event_time)',
    );
    await runner.query(`
      CREATE TABLE outcome (
        label_name text NOT NULL,
        system_id text NOT NULL,
        event_time timestamptz NOT NULL,
        value double precision NOT NULL,
        stored_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (label_name, system_id, event_time)
      )`);
    await runner.query('CREATE INDEX outcome_by_age ON outcome (stored_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['outcome', 'prediction', 'performance', 'report', 'watch']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
