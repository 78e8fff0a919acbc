export { connectBackends, type ConnectOptions, type SharedBackends } from './backends/connect-backends.js';
export { runStandalone } from './backends/run-standalone.js';
export { startProbeServer, type ProbeServer } from './backends/start-probe-server.js';
export { startService } from './backends/start-service.js';
export { backendsConfigSchema, type BackendsConfig } from './configuration/backends-config.js';
export {
  configDirectory,
  serviceUrl,
  variablePrefix,
  withHost,
  type ServiceName,
} from './configuration/host-config.js';
export {
  ConfigError,
  parseConfig,
  findConfigProblems,
  type ConfigProblem,
  type Environment,
} from './configuration/parse-config.js';
export { type ErrorTreatment } from './errors/error-table.js';
export { toProblemDetails, type FieldError, type ProblemDetails } from './errors/problem-details.js';
export { sendProblem } from './errors/problem-filter.js';
export { type HealthReport } from './health.js';
export {
  loadDeclarations,
  parseDeclaration,
  type Declaration,
  type DeclarationProblem,
} from './load-declarations.js';
export { PinoServiceLogger } from './observability/pino-service-logger.js';
export { PrometheusServiceMetrics } from './observability/prometheus-service-metrics.js';
export { type Breaker, type BreakerOptions } from './outbound/breakers.js';
export { HttpPeer, type PeerOptions, type PeerRequest } from './outbound/http-peer.js';
export { type BackgroundTask, type RunnableUseCase } from './scheduling/background-tasks.js';
export {
  type AnyServiceDefinition,
  type Backends,
  type Composition,
  type ServiceDefinition,
  type StoreName,
} from './service-definition.js';
export { ServiceLogger } from './service-logger.js';
export { ServiceMetrics } from './service-metrics.js';
export {
  type HostConfig,
  type HttpOptions,
  type ReadinessCheck,
  type RunningService,
  type ServiceOptions,
} from './service-options.js';
export { zod } from './zod-pipe.js';
