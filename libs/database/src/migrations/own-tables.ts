import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Events that wait for publication, and the ids of events whose effect is stored. */
export class OwnTables1 implements MigrationInterface {
  readonly name = 'headrace-own-tables-1';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE headrace_outbox (
        sequence bigserial PRIMARY KEY,
        fact jsonb NOT NULL,
        stated_at timestamptz NOT NULL,
        published_at timestamptz
      )`);
    await runner.query(
      'CREATE INDEX headrace_outbox_pending ON headrace_outbox (sequence) WHERE published_at IS NULL',
    );
    await runner.query(`
      CREATE TABLE headrace_inbox (
        handler text NOT NULL,
        event_id text NOT NULL,
        handled_at timestamptz NOT NULL,
        PRIMARY KEY (handler, event_id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE headrace_inbox');
    await runner.query('DROP TABLE headrace_outbox');
  }
}
