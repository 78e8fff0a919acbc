import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@headrace/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { backendsConfigSchema } from './backends-config.js';
import { serviceUrl, withHost } from './host-config.js';
import { ConfigError, parseConfig } from './parse-config.js';

const schema = withHost(
  'inference',
  z.object({
    INFERENCE_BATCH_ROWS: z.coerce.number().int().min(1).default(64),
    REGISTRY_URL: serviceUrl('registry'),
  }),
  (env) => ({ batchRows: env.INFERENCE_BATCH_ROWS, registryUrl: env.REGISTRY_URL }),
);

function failureOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('nothing was wrong');
}

describe('parseConfig', () => {
  it('has defaults for one-process mode', () => {
    const config = parseConfig(schema, {});
    expect(config).toMatchObject({ batchRows: 64, registryUrl: 'http://127.0.0.1:8084' });
    expect(config.host).toMatchObject({ httpPort: 8085, grpcPort: 9085, host: '127.0.0.1' });
  });

  it('moves all ports and addresses with the base, and one with its own variable', () => {
    const config = parseConfig(schema, { HEADRACE_PORT_BASE: '18080', REGISTRY_HTTP_PORT: '7000' });
    expect(config.host).toMatchObject({ httpPort: 18085, grpcPort: 19085 });
    expect(config.registryUrl).toBe('http://127.0.0.1:7000');
    expect(parseConfig(schema, { INFERENCE_HTTP_PORT: '8080' }).host.httpPort).toBe(8080);
  });

  it('names every bad variable with its value, what it must be, and the nearest word', () => {
    const message = failureOf(() =>
      parseConfig(schema, {
        INFERENCE_HTTP_PORT: '99999',
        HEADRACE_LOG_LEVEL: 'wran',
        INFERENCE_BATCH_ROWS: 'many',
      }),
    );
    expect(message).toBe(
      [
        '3 configuration variables are invalid:',
        '  INFERENCE_HTTP_PORT is "99999": must be at most 65535',
        '  HEADRACE_LOG_LEVEL is "wran": must be one of fatal, error, warn, info, debug, trace, silent; did you mean "warn"?',
        '  INFERENCE_BATCH_ROWS is "many": must be a number',
      ].join('\n'),
    );
  });

  it('takes an empty variable as unset', () => {
    expect(parseConfig(schema, { INFERENCE_BATCH_ROWS: '', REGISTRY_URL: '' }).batchRows).toBe(64);
  });

  it('never prints a secret', () => {
    const message = failureOf(() =>
      parseConfig(z.object({ INFLUX_TOKEN: z.string().min(50), DB_URL: z.url({ protocol: /^postgres$/ }) }), {
        INFLUX_TOKEN: 'hunter2',
        DB_URL: 'http://user:hunter2@host/db',
      }),
    );
    expect(message).not.toContain('hunter2');
  });
});

describe('backendsConfigSchema', () => {
  it('is all embedded by default', () => {
    expect(parseConfig(backendsConfigSchema, {})).toMatchObject({
      dataDirectory: '.headrace',
      bus: { driver: 'embedded' },
      databaseUrl: undefined,
      metrics: { driver: 'embedded' },
      objects: { driver: 'filesystem' },
    });
  });

  it('refuses an unknown adapter instead of falling back to another', () => {
    expect(failureOf(() => parseConfig(backendsConfigSchema, { HEADRACE_BUS: 'kafak' }))).toContain(
      'HEADRACE_BUS is "kafak": must be one of embedded, kafka; did you mean "kafka"?',
    );
  });

  it('says what an adapter needs', () => {
    const message = failureOf(() =>
      parseConfig(backendsConfigSchema, {
        HEADRACE_BUS: 'kafka',
        HEADRACE_METRICS: 'influx',
        INFLUX_ORG: 'o',
      }),
    );
    expect(message).toContain('KAFKA_BROKERS is not set: must be set because HEADRACE_BUS is kafka');
    expect(message).toContain('INFLUX_URL is not set: must be set because HEADRACE_METRICS is influx');
    expect(message).not.toContain('INFLUX_ORG is');
  });

  it('reads secrets from files', () => {
    const file = join(temporaryDirectory(), 'token');
    writeFileSync(file, 's3cret\n');
    const config = parseConfig(backendsConfigSchema, {
      HEADRACE_METRICS: 'influx',
      INFLUX_URL: 'http://influx:8086',
      INFLUX_ORG: 'o',
      INFLUX_BUCKET: 'b',
      INFLUX_TOKEN_FILE: file,
    });
    expect(config.metrics).toMatchObject({ driver: 'influx', token: 's3cret' });
    expect(
      failureOf(() => parseConfig(backendsConfigSchema, { INFLUX_TOKEN_FILE: '/nowhere/token' })),
    ).toContain('INFLUX_TOKEN_FILE is "/nowhere/token": must name a readable file');
  });

  it('splits an S3 address into bucket and prefix', () => {
    const { objects } = parseConfig(backendsConfigSchema, {
      HEADRACE_OBJECTS_URL: 's3://headrace/objects/v1/',
    });
    expect(objects).toMatchObject({
      driver: 's3',
      bucket: 'headrace',
      prefix: 'objects/v1',
      region: 'us-east-1',
    });
  });
});
