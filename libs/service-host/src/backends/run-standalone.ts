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
 * The whole main.ts of a service: configuration, backends, service, signals and exit codes. It exits with 78 when the
 * configuration is invalid, with 1 when it could not start or stop cleanly, and with 0 after a signal.
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

  /** The first signal stops the service in order, the second exits immediately. */
  handleSignals(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        this.signals += 1;
        if (this.signals > 1) {
          this.logger.warn({ signal }, 'Received a second signal, exiting immediately');
          process.exit(1);
        }
        this.logger.info({ signal }, `${this.name} is stopping`);
        void this.close(0);
      });
    }
    process.on('uncaughtException', (error) => {
      this.logger.error({ error }, `Uncaught exception: ${describeError(error)}`);
      void this.close(1);
    });
    process.on('unhandledRejection', (error) => {
      this.logger.error({ error }, `Unhandled rejection: ${describeError(error)}`);
      void this.close(1);
    });
  }

  async fail(error: unknown): Promise<void> {
    // Stopping during the start is not a failure.
    if (this.stopping.signal.aborted) return;
    this.logger.error(isAppError(error) ? { code: error.code } : { error }, describeError(error));
    await this.close(1);
  }

  private async close(exitCode: number): Promise<void> {
    this.stopping.abort();
    const forced = setTimeout(() => {
      this.logger.error({}, `${this.name} did not stop in time`);
      process.exit(1);
    }, this.drainTimeoutMs + 5_000);
    forced.unref();
    try {
      await this.service?.close();
      await this.backends?.close();
      await flushTraces();
    } catch (error) {
      this.logger.error({ error }, `Stopping failed: ${describeError(error)}`);
      process.exit(1);
    }
    process.exit(exitCode);
  }
}
