export { connectBackends, type ConnectOptions, type SharedBackends } from './backends/connect-backends.js';
export {
  DataDirectoryTooNewError,
  DataDirectoryUnreadableError,
  lockDataDirectory,
} from './backends/data-directory.js';
export { runStandalone } from './backends/run-standalone.js';
export { startProbeServer, type ProbeServer } from './backends/start-probe-server.js';
export { startService, StoreNotDeclaredError } from './backends/start-service.js';
export { backendsConfigSchema, type BackendsConfig } from './configuration/backends-config.js';
export {
  configDirectory,
  hostConfigSchema,
  serviceNames,
  serviceUrl,
  variablePrefix,
  withHost,
  type ServiceName,
} from './configuration/host-config.js';
export { findNearestWord } from './configuration/find-nearest-word.js';
export {
  ConfigError,
  parseConfig,
  findConfigProblems,
  listVariables,
  type ConfigProblem,
  type Environment,
} from './configuration/parse-config.js';
export { errorTable, toErrorKind, type ErrorTreatment } from './errors/error-table.js';
export { toProblemDetails, type FieldError, type ProblemDetails } from './errors/problem-details.js';
export { toGrpcStatus, sendProblem } from './errors/problem-filter.js';
export { type HealthReport } from './health.js';
export {
  DeclarationsError,
  loadDeclarations,
  parseDeclaration,
  type Declaration,
  type DeclarationProblem,
} from './load-declarations.js';
export { PinoServiceLogger } from './observability/pino-service-logger.js';
export { PrometheusServiceMetrics } from './observability/prometheus-service-metrics.js';
export { redact } from './observability/redact.js';
export { inSpan, outgoingHeaders } from './observability/tracing.js';
export {
  BreakerOpenError,
  Breakers,
  CallRefusedError,
  CallTimedOutError,
  type Breaker,
  type BreakerOptions,
} from './outbound/breakers.js';
export {
  HttpPeer,
  PeerAnswerInvalidError,
  PeerRefusedError,
  PeerUnreachableError,
  type PeerOptions,
  type PeerRequest,
} from './outbound/http-peer.js';
export { PortInUseError } from './errors/port-in-use-error.js';
export { runService } from './run-service.js';
export { BackgroundTasks, type BackgroundTask, type RunnableUseCase } from './scheduling/background-tasks.js';
export { repeat } from './scheduling/repeat.js';
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
export { InvalidRequestError, zod } from './zod-pipe.js';
