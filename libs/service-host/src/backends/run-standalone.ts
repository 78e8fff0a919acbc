import { describeError, isAppError } from '@headrace/kernel';
import { backendsConfigSchema } from '../configuration/backends-config.js';
import {
  ConfigError,
  parseConfig,
  findConfigProblems,
  type Environment,
} from '../configuration/parse-config.js';
import { PinoServiceLogger } from '../observability/pino-service-logger.js';
import { flushTraces } from '../observability/tracing.js';
import { type ServiceDefinition } from '../service-definition.js';
import { type ServiceLogger } from '../service-logger.js';
import { type HostConfig, type RunningService } from '../service-options.js';
import { connectBackends, type SharedBackends } from './connect-backends.js';
import { startService } from './start-service.js';
import { startProbeServer } from './start-probe-server.js';

/** `EX_CONFIG` of sysexits.h. */
const exitConfigInvalid = 78;

/**
 * All of a service's main.ts: configuration, backends, service, signals, exit codes. 78: the configuration is wrong;
 * 1: it could not start or did not end in order; 0: it was asked to end.
 */
export async function runStandalone<Config extends { readonly host: HostConfig }>(
  definition: ServiceDefinition<Config>,
  environment: Environment,
): Promise<void> {
  const problems = [
    ...findConfigProblems(definition.configSchema, environment),
    ...findConfigProblems(backendsConfigSchema, environment),
  ];
  if (problems.length > 0) {
    process.stderr.write(`${definition.name}: ${new ConfigError(problems).message}\n`);
    process.exit(exitConfigInvalid);
  }
  const { host } = parseConfig(definition.configSchema, environment);
  const backendsConfig = parseConfig(backendsConfigSchema, environment);
  const logger = new PinoServiceLogger(definition.name, host);
  const standalone = new StandaloneProcess(definition.name, logger, host.drainTimeoutMs);
  standalone.handleSignals();
  try {
    const probeServer = await startProbeServer(definition.name, host);
    try {
      standalone.backends = await connectBackends(backendsConfig, {
        services: [definition],
        logger,
        onWaiting: (reason) => (probeServer.reason = reason),
        signal: standalone.stopSignal,
      });
    } finally {
      await probeServer.close();
    }
    standalone.service = await startService(definition, environment, standalone.backends);
  } catch (error) {
    await standalone.fail(error);
  }
}

class StandaloneProcess {
  service: RunningService | undefined;
  backends: SharedBackends | undefined;
  private readonly stopping = new AbortController();
  private signals = 0;

  constructor(
    private readonly name: string,
    private readonly logger: ServiceLogger,
    private readonly drainTimeoutMs: number,
  ) {}

  get stopSignal(): AbortSignal {
    return this.stopping.signal;
  }

  /** The first signal ends in order, the second at once. */
  handleSignals(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        this.signals += 1;
        if (this.signals > 1) {
          this.logger.warn({ signal }, 'A second signal: ending at once');
          process.exit(1);
        }
        this.logger.info({ signal }, `${this.name} ends`);
        void this.close(0);
      });
    }
    process.on('uncaughtException', (error) => {
      this.logger.error({ error }, `Nobody handled an error: ${describeError(error)}`);
      void this.close(1);
    });
    process.on('unhandledRejection', (error) => {
      this.logger.error({ error }, `Nobody handled a rejection: ${describeError(error)}`);
      void this.close(1);
    });
  }

  async fail(error: unknown): Promise<void> {
    // Ending while it was still starting is no failure.
    if (this.stopping.signal.aborted) return;
    this.logger.error(isAppError(error) ? { code: error.code } : { error }, describeError(error));
    await this.close(1);
  }

  private async close(exitCode: number): Promise<void> {
    this.stopping.abort();
    const forced = setTimeout(() => {
      this.logger.error({}, `${this.name} did not end in time`);
      process.exit(1);
    }, this.drainTimeoutMs + 5_000);
    forced.unref();
    try {
      await this.service?.close();
      await this.backends?.close();
      await flushTraces();
    } catch (error) {
      this.logger.error({ error }, `Ending went wrong: ${describeError(error)}`);
      process.exit(1);
    }
    process.exit(exitCode);
  }
}
