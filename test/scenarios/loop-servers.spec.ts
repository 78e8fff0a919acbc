import { randomUUID } from 'node:crypto';
import { describeWithServers } from '@headrace/testing';
import { describeLoop } from './describe-loop.js';
import { emptyServers } from './empty-servers.js';

describeWithServers(['kafka', 'postgres', 'redis', 'influx', 's3'], 'real servers', (variable) => {
  describeLoop('Kafka, PostgreSQL, Redis, InfluxDB and S3', async () => {
    const { databaseUrl } = await emptyServers(variable);
    return {
      HEADRACE_BUS: 'kafka',
      KAFKA_BROKERS: variable('HEADRACE_TEST_KAFKA_BROKERS'),
      HEADRACE_DATABASE_URL: databaseUrl,
      HEADRACE_CACHE_URL: `${variable('HEADRACE_TEST_CACHE_URL')}/5`,
      HEADRACE_METRICS: 'influx',
      INFLUX_URL: variable('HEADRACE_TEST_INFLUX_URL'),
      INFLUX_TOKEN: variable('HEADRACE_TEST_INFLUX_TOKEN'),
      INFLUX_ORG: variable('HEADRACE_TEST_INFLUX_ORG'),
      INFLUX_BUCKET: variable('HEADRACE_TEST_INFLUX_BUCKET'),
      HEADRACE_OBJECTS_URL: `s3://${variable('HEADRACE_TEST_S3_BUCKET')}/loop-${randomUUID()}`,
      S3_ENDPOINT: variable('HEADRACE_TEST_S3_ENDPOINT'),
      AWS_ACCESS_KEY_ID: variable('HEADRACE_TEST_S3_ACCESS_KEY'),
      AWS_SECRET_ACCESS_KEY: variable('HEADRACE_TEST_S3_SECRET_KEY'),
    };
  });
});
