import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';

/**
 * Resets the real servers: deletes Headrace's topics and groups, empties the fifth Redis database and creates a new
 * database. Topic names are fixed, so only one scenario at a time may use the broker.
 */
export async function emptyServers(variable: (name: string) => string): Promise<{ databaseUrl: string }> {
  const admin = new Kafka({
    brokers: [variable('HEADRACE_TEST_KAFKA_BROKERS')],
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  const { groups } = await admin.listGroups();
  await Promise.all(groups.map(({ groupId }) => admin.deleteGroups([groupId]).catch(() => undefined)));
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith('headrace.'));
  if (topics.length > 0) await admin.deleteTopics({ topics });
  await admin.disconnect();

  const redis = new Redis(`${variable('HEADRACE_TEST_CACHE_URL')}/5`);
  await redis.flushdb();
  await redis.quit();

  const url = new URL(variable('HEADRACE_TEST_DATABASE_URL'));
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  const database = `headrace_${randomBytes(6).toString('hex')}`;
  await client.query(`CREATE DATABASE ${database}`);
  await client.end();
  url.pathname = `/${database}`;
  return { databaseUrl: url.href };
}
