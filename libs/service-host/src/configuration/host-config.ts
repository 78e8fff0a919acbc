import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type HostConfig } from '../service-options.js';

/** In order of their HTTP ports: the console has the base port, each following service the next. gRPC ports are 1000 higher. */
export const serviceNames = [
  'console',
  'ingestion',
  'feature-store',
  'trainer',
  'registry',
  'inference',
  'canary-controller',
  'drift',
  'alerting',
] as const;
export type ServiceName = (typeof serviceNames)[number];

const defaultPortBase = 8080;

/** The prefix of a service's own variables: `FEATURE_STORE`, `CANARY`. */
export function variablePrefix(service: string): string {
  return service === 'canary-controller' ? 'CANARY' : service.toUpperCase().replaceAll('-', '_');
}

/** HEADRACE_CONFIG_DIR: the directory of the declarations. Default: those of this repository, whatever the working directory. */
export const configDirectory: z.ZodType<string> = z
  .string()
  .min(1)
  .default(fileURLToPath(new URL('../../../../config', import.meta.url)));

const port = z.coerce.number().int().min(0).max(65_535);

const hostVariables = {
  HEADRACE_HOST: z.string().default('127.0.0.1'),
  HEADRACE_PORT_BASE: port.max(64_000).default(defaultPortBase),
  HEADRACE_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  HEADRACE_LOG_FORMAT: z.enum(['json', 'pretty']).default('json'),
  HEADRACE_DRAIN_TIMEOUT_MS: z.coerce.number().int().min(0).max(600_000).default(25_000),
  HEADRACE_BODY_LIMIT_BYTES: z.coerce.number().int().min(1024).default(33_554_432),
  HEADRACE_OTLP_ENDPOINT: z.url().optional(),
};

function portVariables(name: ServiceName): Readonly<Record<string, z.ZodOptional<typeof port>>> {
  const prefix = variablePrefix(name);
  return { [`${prefix}_HTTP_PORT`]: port.optional(), [`${prefix}_GRPC_PORT`]: port.optional() };
}

type HostVariables = z.output<z.ZodObject<typeof hostVariables>>;

function toHostConfig(name: ServiceName, env: HostVariables): HostConfig {
  const prefix = variablePrefix(name);
  const own = env as Readonly<Record<string, unknown>>;
  const portOr = (suffix: string, otherwise: number): number => {
    const value = own[`${prefix}_${suffix}`];
    return typeof value === 'number' ? value : otherwise;
  };
  // With base 0, every service listens on a free port, as in tests.
  const base = env.HEADRACE_PORT_BASE;
  const standard = base === 0 ? 0 : base + serviceNames.indexOf(name);
  return {
    host: env.HEADRACE_HOST,
    httpPort: portOr('HTTP_PORT', standard),
    grpcPort: portOr('GRPC_PORT', standard === 0 ? 0 : standard + 1000),
    logLevel: env.HEADRACE_LOG_LEVEL,
    logFormat: env.HEADRACE_LOG_FORMAT,
    drainTimeoutMs: env.HEADRACE_DRAIN_TIMEOUT_MS,
    bodyLimitBytes: env.HEADRACE_BODY_LIMIT_BYTES,
    otlpEndpoint: env.HEADRACE_OTLP_ENDPOINT,
  };
}

const serviceUrls = new WeakMap<z.ZodType, ServiceName>();

/**
 * The base URL of another service, without a trailing slash. Default: the address of that service in one-process mode;
 * inside `withHost` the default follows HEADRACE_PORT_BASE and the port variable of that service.
 */
export function serviceUrl(name: ServiceName): z.ZodType<string> {
  const schema = z
    .url({ protocol: /^https?$/ })
    .default(`http://127.0.0.1:${defaultPortBase + serviceNames.indexOf(name)}`)
    .transform((url) => url.replace(/\/+$/, ''));
  serviceUrls.set(schema, name);
  return schema;
}

/**
 * The configuration of one service: its own variables and those of its host, parsed together so that all invalid ones are
 * reported at once. `transform` turns its own variables into a nested camel-case object, and may report problems that
 * involve several variables.
 */
export function withHost<Shape extends z.ZodRawShape, Output extends object>(
  name: ServiceName,
  variables: z.ZodObject<Shape>,
  transform: (env: z.output<z.ZodObject<Shape>>, context: z.RefinementCtx) => Output,
): z.ZodType<Output & { readonly host: HostConfig }> {
  const schema = z
    .object({ ...portVariables(name), ...hostVariables, ...variables.shape })
    .transform((env, context) => ({
      ...transform(env as unknown as z.output<z.ZodObject<Shape>>, context),
      host: toHostConfig(name, env as unknown as HostVariables),
    }));
  return z.preprocess((env) => fillInServiceUrls(variables.shape, env), schema);
}

/** Fills in the missing addresses of services in the same process. */
function fillInServiceUrls(shape: z.ZodRawShape, env: unknown): unknown {
  if (typeof env !== 'object' || env === null) return env;
  const values = env as Readonly<Record<string, unknown>>;
  const filled: Record<string, unknown> = { ...values };
  for (const [variable, schema] of Object.entries(shape)) {
    const service = serviceUrls.get(schema as z.ZodType);
    if (service === undefined || values[variable] !== undefined) continue;
    const base = Number(values['HEADRACE_PORT_BASE'] ?? defaultPortBase);
    const servicePort = Number(
      values[`${variablePrefix(service)}_HTTP_PORT`] ?? base + serviceNames.indexOf(service),
    );
    filled[variable] = `http://127.0.0.1:${servicePort}`;
  }
  return filled;
}
