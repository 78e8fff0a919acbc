import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type HostConfig } from '../service-options.js';

/** In the order of their ports: the base is the console's, each next one is one higher; gRPC is 1000 higher. */
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

/** HEADRACE_CONFIG_DIR: where the folders of declarations lie. Default: those that ship, wherever the process was started. */
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
  const chosen = (suffix: string, otherwise: number): number => {
    const value = own[`${prefix}_${suffix}`];
    return typeof value === 'number' ? value : otherwise;
  };
  // Base 0 asks for free ports everywhere, as tests do.
  const base = env.HEADRACE_PORT_BASE;
  const standard = base === 0 ? 0 : base + serviceNames.indexOf(name);
  return {
    host: env.HEADRACE_HOST,
    httpPort: chosen('HTTP_PORT', standard),
    grpcPort: chosen('GRPC_PORT', standard === 0 ? 0 : standard + 1000),
    logLevel: env.HEADRACE_LOG_LEVEL,
    logFormat: env.HEADRACE_LOG_FORMAT,
    drainTimeoutMs: env.HEADRACE_DRAIN_TIMEOUT_MS,
    bodyLimitBytes: env.HEADRACE_BODY_LIMIT_BYTES,
    otlpEndpoint: env.HEADRACE_OTLP_ENDPOINT,
  };
}

/** What every service takes from the environment to run. */
export function hostConfigSchema(name: ServiceName): z.ZodType<HostConfig> {
  return z.object({ ...portVariables(name), ...hostVariables }).transform((env) => toHostConfig(name, env));
}

const serviceUrls = new WeakMap<z.ZodType, ServiceName>();

/**
 * The base address of another service, without a slash at the end. Unset: where that service listens in one-process
 * mode; inside `withHost` this follows HEADRACE_PORT_BASE and the other service's own port variable.
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
 * The configuration of one service: its own variables and those of its host, parsed together so that every bad one is
 * reported at once. `transform` makes the nested camel-case object of its own variables; it may report what only shows
 * when variables are seen together.
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

/** Fills in the addresses of services in the same process that were not given. */
function fillInServiceUrls(shape: z.ZodRawShape, env: unknown): unknown {
  if (typeof env !== 'object' || env === null) return env;
  const values = env as Readonly<Record<string, unknown>>;
  const filled: Record<string, unknown> = { ...values };
  for (const [variable, schema] of Object.entries(shape)) {
    const service = serviceUrls.get(schema as z.ZodType);
    if (service === undefined || values[variable] !== undefined) continue;
    const base = Number(values['HEADRACE_PORT_BASE'] ?? defaultPortBase);
    const chosen = Number(
      values[`${variablePrefix(service)}_HTTP_PORT`] ?? base + serviceNames.indexOf(service),
    );
    filled[variable] = `http://127.0.0.1:${chosen}`;
  }
  return filled;
}
