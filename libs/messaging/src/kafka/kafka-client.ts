import { createRequire } from 'node:module';
// CommonJS whose names Node cannot see from outside: values come through the default export.
import kafkajs, {
  type Kafka,
  type KafkaConfig as ClientOptions,
  type RetryOptions,
  type SASLOptions,
} from 'kafkajs';
import { type KafkaConfig } from './kafka-config.js';

const repeatAfterMs = 30_000;
const maxMessages = 100;

/** A kafkajs client for a configuration. Its log goes to `onEvent`, warnings and errors only. */
export function kafkaClient(config: KafkaConfig, retry: RetryOptions): Kafka {
  keepTimersPositive();
  const saidAt = new Map<string, number>();
  const options: ClientOptions = {
    brokers: [...config.brokers],
    clientId: config.clientId,
    connectionTimeout: config.connectionTimeoutMs ?? 5_000,
    requestTimeout: 30_000,
    retry,
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => (entry) => {
      // Ours retry on top of kafkajs's, with the same batch; it cannot know.
      if (entry.log.message.startsWith('Limiting retries for the idempotent producer')) return;
      const cause = typeof entry.log['error'] === 'string' ? `: ${entry.log['error']}` : '';
      // Retries are what we ask for; only their end is an error, and that one is thrown.
      const message = `${entry.namespace}: ${entry.log.message}${cause}`;
      // A broker that is away is tried several times a second.
      const now = performance.now();
      if (now - (saidAt.get(message) ?? Number.NEGATIVE_INFINITY) < repeatAfterMs) return;
      if (saidAt.size > maxMessages) saidAt.clear();
      saidAt.set(message, now);
      config.onEvent?.('warn', message);
    },
    ...(config.ssl === undefined ? {} : { ssl: config.ssl }),
    ...(config.sasl === undefined ? {} : { sasl: config.sasl as SASLOptions }),
  };
  return new kafkajs.Kafka(options);
}

interface RequestQueue {
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  readonly pending: readonly unknown[];
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

const pendingCheckMs = 10;
let patched = false;

/**
 * kafkajs 2.2.4 computes `throttledUntil - now` without a floor, for which newer Nodes warn (TimeoutNegativeWarning) at
 * every connection. The method is replaced by the same one with a floor, so that no warning of anybody else is hidden.
 */
function keepTimersPositive(): void {
  if (patched) return;
  patched = true;
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
    prototype: RequestQueue;
  };
  prototype.scheduleCheckPendingRequests = function schedule(this: RequestQueue): void {
    if (this.throttleCheckTimeoutId !== null) return;
    const throttled = this.throttledUntil - Date.now();
    const wait = throttled > 0 ? throttled : this.pending.length > 0 ? pendingCheckMs : 1;
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    }, wait);
  };
}

/** What went wrong underneath kafkajs's retries. */
export function rootOf(error: unknown): { readonly type: string | undefined; readonly error: unknown } {
  let current = error;
  for (let depth = 0; depth < 5; depth++) {
    if (current instanceof Error && 'type' in current && typeof current.type === 'string') {
      return { type: current.type, error: current };
    }
    const cause: unknown = current instanceof Error ? current.cause : undefined;
    if (!(cause instanceof Error)) break;
    current = cause;
  }
  return { type: undefined, error: current };
}
