import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alerting } from '@headrace/alerting';
import { canaryController } from '@headrace/canary-controller';
import { consoleService } from '@headrace/console';
import { drift } from '@headrace/drift';
import { featureStore } from '@headrace/feature-store';
import { inference } from '@headrace/inference';
import { ingestion } from '@headrace/ingestion';
import { type Closeable } from '@headrace/kernel';
import { registry } from '@headrace/registry';
import {
  backendsConfigSchema,
  ConfigError,
  connectBackends,
  startProbeServer,
  parseConfig,
  findConfigProblems,
  startService,
  variablePrefix,
  type Environment,
  type HostConfig,
  type RunningService,
  type ServiceDefinition,
  type ServiceLogger,
  type ServiceName,
  type SharedBackends,
  type ProbeServer,
} from '@headrace/service-host';
import { trainer } from '@headrace/trainer';

/**
 * In start order: callees before callers and consumers before producers, so that no request fails during the start.
 * Services close in reverse order.
 */
const services = [
  defineService(registry),
  defineService(featureStore),
  defineService(inference),
  defineService(canaryController),
  defineService(trainer),
  defineService(drift),
  defineService(alerting),
  defineService(consoleService),
  defineService(ingestion),
];

/** Hides the configuration type of a definition, so that all definitions fit into one list. */
function defineService<Config extends { readonly host: HostConfig }>(definition: ServiceDefinition<Config>) {
  return {
    definition,
    findConfigProblems: (environment: Environment) =>
      findConfigProblems(definition.configSchema, environment),
    parseHostConfig: (environment: Environment) => parseConfig(definition.configSchema, environment).host,
    start: (environment: Environment, backends: SharedBackends) =>
      startService(definition, environment, backends),
  };
}

export interface AllInOne extends Closeable {
  readonly backends: SharedBackends;
  readonly services: ReadonlyMap<ServiceName, RunningService>;
  /** `http://127.0.0.1:8085` */
  getUrl(service: ServiceName): string;
}

/**
 * Runs the nine services as nine Nest applications in this process. They share one set of stores and communicate only over
 * the bus, HTTP and gRPC, as in nine processes. With HEADRACE_PORT_BASE=0 every service listens on free ports. Rejects with
 * a ConfigError that lists every invalid variable of every service. While a backend cannot be reached, the port of each
 * service answers probes: live, not ready, and why. `signal` aborts the waiting.
 */
export async function startAllInOne(
  environment: Environment,
  logger: ServiceLogger,
  signal?: AbortSignal,
): Promise<AllInOne> {
  const problems = [
    ...findConfigProblems(backendsConfigSchema, environment),
    ...services.flatMap((service) => service.findConfigProblems(environment)),
  ];
  if (problems.length > 0) {
    throw new ConfigError([
      ...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values(),
    ]);
  }
  const config = parseConfig(backendsConfigSchema, environment);
  const probeServers = new Map<ServiceName, ProbeServer>();
  const closeProbeServers = async (): Promise<void> => {
    await Promise.all([...probeServers.values()].map((server) => server.close()));
    probeServers.clear();
  };
  const connect = async (): Promise<SharedBackends> => {
    for (const { definition, parseHostConfig } of services) {
      const host = parseHostConfig(environment);
      if (host.httpPort !== 0) {
        probeServers.set(definition.name, await startProbeServer(definition.name, host));
      }
    }
    return connectBackends(config, {
      services: services.map(({ definition }) => definition),
      logger,
      onWaiting: (reason) => {
        for (const server of probeServers.values()) server.reason = reason;
      },
      ...(signal === undefined ? {} : { signal }),
    });
  };
  const backends = await connect().catch(async (error: unknown) => {
    await closeProbeServers();
    throw error;
  });
  const running = new Map<ServiceName, RunningService>();
  const close = async (): Promise<void> => {
    await closeProbeServers();
    for (const service of [...running.values()].reverse()) await service.close();
    running.clear();
    await backends.close();
  };
  try {
    const addresses: Record<string, string> = {};
    for (const service of services) {
      await probeServers.get(service.definition.name)?.close();
      probeServers.delete(service.definition.name);
      const started = await service.start({ ...environment, ...addresses }, backends);
      running.set(service.definition.name, started);
      addresses[`${variablePrefix(service.definition.name)}_URL`] = started.httpUrl;
    }
    writeEndpoints(config.dataDirectory, running);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    backends,
    services: running,
    getUrl(name) {
      const service = running.get(name);
      if (service === undefined) throw new TypeError(`${name} is not running`);
      return service.httpUrl;
    },
    close,
  };
}

/** Writes the addresses of the services for other programs on this machine. The file is replaced atomically. */
function writeEndpoints(directory: string, running: ReadonlyMap<ServiceName, RunningService>): void {
  const endpoints = Object.fromEntries([...running].map(([name, service]) => [name, service.httpUrl]));
  const file = join(directory, 'endpoints.json');
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(endpoints, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}
