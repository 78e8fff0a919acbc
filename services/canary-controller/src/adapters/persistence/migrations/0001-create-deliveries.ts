import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class CreateDeliveries implements MigrationInterface {
  readonly name = 'create-deliveries-1';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE delivery (model_name text PRIMARY KEY, active boolean NOT NULL, body jsonb NOT NULL)`);
    await runner.query('CREATE INDEX delivery_active ON delivery (model_name) WHERE active');
    await runner.query(`
      CREATE TABLE rollout (
        rollout_id text PRIMARY KEY,
        model_name text NOT NULL,
        started_at timestamptz NOT NULL,
        body jsonb NOT NULL
      )`);
    await runner.query('CREATE INDEX rollout_by_model ON rollout (model_name, started_at DESC)');
    await runner.query(`
      CREATE TABLE waiting_score (
        rollout_id text NOT NULL,
        system_id text NOT NULL,
        event_time timestamptz NOT NULL,
        baseline double precision NOT NULL,
        canary double precision NOT NULL,
        PRIMARY KEY (system_id, event_time, rollout_id)
      )`);
    await runner.query('CREATE INDEX waiting_score_rollout ON waiting_score (rollout_id)');
    await runner.query(`
      CREATE TABLE counted_position (
        topic text NOT NULL,
        partition int NOT NULL,
        record_offset bigint NOT NULL,
        fact_index int NOT NULL,
        PRIMARY KEY (topic, partition)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['counted_position', 'waiting_score', 'rollout', 'delivery']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
