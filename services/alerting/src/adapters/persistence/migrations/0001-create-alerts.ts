import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class CreateAlerts1700000000001 implements MigrationInterface {
  readonly name = 'CreateAlerts1700000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE alerts (
        alert_id text PRIMARY KEY,
        fingerprint text NOT NULL,
        name text NOT NULL,
        severity text NOT NULL,
        labels jsonb NOT NULL,
        annotations jsonb NOT NULL,
        recommendations jsonb NOT NULL,
        starts_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        ends_at timestamptz,
        acknowledged_by text,
        occurrences integer NOT NULL
      )`);
    await runner.query('CREATE UNIQUE INDEX alerts_open ON alerts (fingerprint) WHERE ends_at IS NULL');
    await runner.query('CREATE INDEX alerts_ended ON alerts (ends_at) WHERE ends_at IS NOT NULL');
    await runner.query(`
      CREATE TABLE silences (
        id text PRIMARY KEY,
        matchers jsonb NOT NULL,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        created_by text NOT NULL,
        comment text NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE notification_groups (
        group_key text NOT NULL,
        channel text NOT NULL,
        first_seen_at timestamptz NOT NULL,
        last_sent_at timestamptz,
        told_firing text[] NOT NULL,
        PRIMARY KEY (group_key, channel)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE notification_groups');
    await runner.query('DROP TABLE silences');
    await runner.query('DROP TABLE alerts');
  }
}
