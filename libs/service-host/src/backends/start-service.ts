import { isAppError, describeError, AppError, type Closeable } from '@headrace/kernel';
import { BusEventPublisher } from '@headrace/messaging';
import { parseConfig, type Environment } from '../configuration/parse-config.js';
import { PinoServiceLogger } from '../observability/pino-service-logger.js';
import { PrometheusServiceMetrics } from '../observability/prometheus-service-metrics.js';
import { Breakers } from '../outbound/breakers.js';
import { runService } from '../run-service.js';
import { BackgroundTasks } from '../scheduling/background-tasks.js';
import { type Backends, type ServiceDefinition, type StoreName } from '../service-definition.js';
import { type HostConfig, type ReadinessCheck, type RunningService } from '../service-options.js';
import { type SharedBackends } from './connect-backends.js';

/** A service uses a store that its definition does not declare. */
export class StoreNotDeclaredError extends AppError {
  readonly code = 'HOST_STORE_NOT_DECLARED';
  readonly kind = 'internal';

  constructor(service: string, store: StoreName) {
    super(`${service} uses the store "${store}" without declaring it; add it to \`uses\` in its definition`);
  }
}

/** Composes and runs one service on backends that it may share with others of the process. */
export async function startService<Config extends { readonly host: HostConfig }>(
  definition: ServiceDefinition<Config>,
  environment: Environment,
  shared: SharedBackends,
): Promise<RunningService> {
  const config = parseConfig(definition.configSchema, environment);
  const { name, uses } = definition;
  const logger = new PinoServiceLogger(name, config.host);
  const serviceMetrics = new PrometheusServiceMetrics(name);
  const breakers = new Breakers(serviceMetrics);
  const tasks = new BackgroundTasks(logger);
  const database = uses.includes('database') ? await shared.openDatabase(definition, logger) : undefined;
  const stores = { database, cache: shared.cache, metrics: shared.metrics, objects: shared.objects };
  const store = <Name extends StoreName>(which: Name): NonNullable<(typeof stores)[Name]> => {
    const found = stores[which];
    if (!uses.includes(which) || found === undefined) throw new StoreNotDeclaredError(name, which);
    return found;
  };
  const backends: Backends = {
    bus: shared.bus,
    publisher: new BusEventPublisher(shared.bus, name, shared.clock),
    clock: shared.clock,
    logger,
    serviceMetrics,
    breakers,
    tasks,
    get database() {
      return store('database');
    },
    get cache() {
      return store('cache');
    },
    get metrics() {
      return store('metrics');
    },
    get objects() {
      return store('objects');
    },
  };
  const last: Closeable[] = [breakers, ...(database === undefined ? [] : [database])];
  try {
    const composition = await definition.compose(config, backends);
    return await runService({
      name,
      module: composition.module,
      config: config.host,
      bus: shared.bus,
      logger,
      metrics: serviceMetrics,
      ...(composition.grpc === undefined ? {} : { grpc: composition.grpc }),
      ...(composition.http === undefined ? {} : { http: composition.http }),
      ...(composition.startup === undefined ? {} : { startup: composition.startup }),
      ...(composition.tasks === undefined ? {} : { tasks: composition.tasks }),
      backgroundTasks: tasks,
      readiness: { ...buildStoreChecks(uses, backends), ...composition.readiness },
      closing: [...(composition.closing ?? []), ...last],
    });
  } catch (error) {
    for (const closeable of last) await closeable.close();
    serviceMetrics.release();
    throw error;
  }
}

function buildStoreChecks(
  uses: readonly StoreName[],
  backends: Backends,
): Readonly<Record<string, ReadinessCheck>> {
  const checks: Record<string, ReadinessCheck> = { bus: toReadinessCheck(() => backends.bus.check()) };
  for (const name of uses) checks[name] = toReadinessCheck(() => backends[name].check());
  return checks;
}

function toReadinessCheck(check: () => Promise<void>): ReadinessCheck {
  return async () => {
    try {
      await check();
      return 'ready';
    } catch (error) {
      return { notReady: isAppError(error) ? error.message : describeError(error) };
    }
  };
}
