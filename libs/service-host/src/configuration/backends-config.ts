import { z } from 'zod';

export interface KafkaConfig {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls:
    | { readonly ca: string | undefined; readonly cert: string | undefined; readonly key: string | undefined }
    | undefined;
  readonly sasl:
    | {
        readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
        readonly username: string;
        readonly password: string;
      }
    | undefined;
  readonly replicationFactor: number;
}

/** The adapter of each port, and how to reach it. */
export interface BackendsConfig {
  readonly dataDirectory: string;
  readonly bus: { readonly driver: 'embedded' } | { readonly driver: 'kafka'; readonly kafka: KafkaConfig };
  /** Undefined: PGlite in the data directory. */
  readonly databaseUrl: string | undefined;
  readonly metrics:
    | { readonly driver: 'embedded' }
    | {
        readonly driver: 'influx';
        readonly url: string;
        readonly token: string;
        readonly org: string;
        readonly bucket: string;
      };
  /** Undefined: embedded. */
  readonly cacheUrl: string | undefined;
  readonly objects:
    | { readonly driver: 'filesystem'; readonly directory: string | undefined }
    | {
        readonly driver: 's3';
        readonly bucket: string;
        readonly prefix: string;
        readonly endpoint: string | undefined;
        readonly region: string;
        readonly accessKeyId: string | undefined;
        readonly secretAccessKey: string | undefined;
      };
}

const text = z.string().optional();

/** The adapters that all services share. An unknown value fails the start; there is no fallback. */
export const backendsConfigSchema: z.ZodType<BackendsConfig> = z
  .object({
    HEADRACE_DATA_DIR: z.string().default('.headrace'),
    HEADRACE_BUS: z.enum(['embedded', 'kafka']).default('embedded'),
    KAFKA_BROKERS: text,
    KAFKA_CLIENT_ID: z.string().default('headrace'),
    KAFKA_SSL: z.stringbool().default(false),
    KAFKA_SSL_CA: text,
    KAFKA_SSL_CERT: text,
    KAFKA_SSL_KEY: text,
    KAFKA_SASL_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
    KAFKA_SASL_USERNAME: text,
    KAFKA_SASL_PASSWORD: text,
    KAFKA_REPLICATION_FACTOR: z.coerce.number().int().min(1).max(9).default(1),
    HEADRACE_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
    HEADRACE_METRICS: z.enum(['embedded', 'influx']).default('embedded'),
    INFLUX_URL: z.url({ protocol: /^https?$/ }).optional(),
    INFLUX_TOKEN: text,
    INFLUX_ORG: text,
    INFLUX_BUCKET: text,
    HEADRACE_CACHE_URL: z.url({ protocol: /^rediss?$/ }).optional(),
    HEADRACE_OBJECTS_URL: z.url({ protocol: /^(s3|file)$/ }).optional(),
    S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
    S3_REGION: z.string().default('us-east-1'),
    AWS_ACCESS_KEY_ID: text,
    AWS_SECRET_ACCESS_KEY: text,
  })
  .transform((env, context) => {
    const requireVariable = (variable: keyof typeof env, because: string): string => {
      const value = env[variable];
      if (typeof value === 'string') return value;
      context.addIssue({
        code: 'custom',
        path: [variable],
        message: `must be set because ${because}`,
        input: value,
      });
      return '';
    };
    return {
      dataDirectory: env.HEADRACE_DATA_DIR,
      bus: toBusConfig(env, requireVariable),
      databaseUrl: env.HEADRACE_DATABASE_URL,
      metrics:
        env.HEADRACE_METRICS === 'embedded'
          ? { driver: 'embedded' as const }
          : {
              driver: 'influx' as const,
              url: requireVariable('INFLUX_URL', 'HEADRACE_METRICS is influx'),
              token: requireVariable('INFLUX_TOKEN', 'HEADRACE_METRICS is influx'),
              org: requireVariable('INFLUX_ORG', 'HEADRACE_METRICS is influx'),
              bucket: requireVariable('INFLUX_BUCKET', 'HEADRACE_METRICS is influx'),
            },
      cacheUrl: env.HEADRACE_CACHE_URL,
      objects: toObjectsConfig(env),
    };
  });

interface BusVariables {
  readonly HEADRACE_BUS: 'embedded' | 'kafka';
  readonly KAFKA_BROKERS?: string | undefined;
  readonly KAFKA_CLIENT_ID: string;
  readonly KAFKA_SSL: boolean;
  readonly KAFKA_SSL_CA?: string | undefined;
  readonly KAFKA_SSL_CERT?: string | undefined;
  readonly KAFKA_SSL_KEY?: string | undefined;
  readonly KAFKA_SASL_MECHANISM?: 'plain' | 'scram-sha-256' | 'scram-sha-512' | undefined;
  readonly KAFKA_REPLICATION_FACTOR: number;
}

function toBusConfig(
  env: BusVariables,
  requireVariable: (
    variable: 'KAFKA_BROKERS' | 'KAFKA_SASL_USERNAME' | 'KAFKA_SASL_PASSWORD',
    because: string,
  ) => string,
): BackendsConfig['bus'] {
  if (env.HEADRACE_BUS === 'embedded') return { driver: 'embedded' };
  const mechanism = env.KAFKA_SASL_MECHANISM;
  return {
    driver: 'kafka',
    kafka: {
      brokers: requireVariable('KAFKA_BROKERS', 'HEADRACE_BUS is kafka')
        .split(',')
        .map((broker) => broker.trim())
        .filter((broker) => broker !== ''),
      clientId: env.KAFKA_CLIENT_ID,
      tls: env.KAFKA_SSL
        ? { ca: env.KAFKA_SSL_CA, cert: env.KAFKA_SSL_CERT, key: env.KAFKA_SSL_KEY }
        : undefined,
      sasl:
        mechanism === undefined
          ? undefined
          : {
              mechanism,
              username: requireVariable('KAFKA_SASL_USERNAME', 'KAFKA_SASL_MECHANISM is set'),
              password: requireVariable('KAFKA_SASL_PASSWORD', 'KAFKA_SASL_MECHANISM is set'),
            },
      replicationFactor: env.KAFKA_REPLICATION_FACTOR,
    },
  };
}

function toObjectsConfig(env: {
  readonly HEADRACE_OBJECTS_URL?: string | undefined;
  readonly S3_ENDPOINT?: string | undefined;
  readonly S3_REGION: string;
  readonly AWS_ACCESS_KEY_ID?: string | undefined;
  readonly AWS_SECRET_ACCESS_KEY?: string | undefined;
}): BackendsConfig['objects'] {
  if (env.HEADRACE_OBJECTS_URL === undefined) return { driver: 'filesystem', directory: undefined };
  const url = new URL(env.HEADRACE_OBJECTS_URL);
  if (url.protocol === 'file:') return { driver: 'filesystem', directory: decodeURIComponent(url.pathname) };
  return {
    driver: 's3',
    bucket: url.hostname,
    prefix: decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, ''),
    endpoint: env.S3_ENDPOINT,
    region: env.S3_REGION,
    accessKeyId: env.AWS_ACCESS_KEY_ID,
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
  };
}
