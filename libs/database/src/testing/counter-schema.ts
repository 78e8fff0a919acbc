import { randomBytes } from 'node:crypto';
import { AliasChanged } from '@headrace/contracts';
import { eventOf } from '@headrace/messaging';
import { Column, Entity, PrimaryColumn, type MigrationInterface, type QueryRunner } from 'typeorm';
import { type DatabaseSchema } from '../database.js';

@Entity({ name: 'counter' })
export class Counter {
  @PrimaryColumn({ type: 'int' })
  id!: number;

  @Column({ type: 'int' })
  value!: number;
}

export class CreateCounter implements MigrationInterface {
  readonly name = 'create-counter';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE counter (id int PRIMARY KEY, value int NOT NULL)');
    await runner.query('INSERT INTO counter VALUES (1, 0)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE counter');
  }
}

export class CreateReading implements MigrationInterface {
  readonly name = 'create-reading';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE reading (counter_id int NOT NULL REFERENCES counter (id))');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE reading');
  }
}

const noon = new Date('2026-11-23T12:00:00Z');

/** An event of some model; events of one model and alias share a key. */
export function aliasEvent(id: string, modelName = 'performance-predictor') {
  return eventOf(AliasChanged, {
    id,
    time: noon,
    payload: {
      modelName,
      alias: 'champion',
      modelVersion: 1,
      previousVersion: null,
      digest: null,
      artifactKey: null,
      artifacts: {},
      featureNames: [],
      reason: 'test',
      rolloutId: null,
      changedAt: noon.toISOString(),
    },
  });
}

/** A schema with one counter; each test has its own. */
export function counterSchema(name = `test_${randomBytes(6).toString('hex')}`): DatabaseSchema {
  return {
    name,
    entities: [Counter],
    migrations: [CreateCounter, CreateReading],
  };
}
