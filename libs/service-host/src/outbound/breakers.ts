import { AppError, withTimeout, type Closeable } from '@headrace/kernel';
import CircuitBreaker from 'opossum';
import { type ServiceMetrics } from '../service-metrics.js';

export interface BreakerOptions {
  /** Bounds one call. Default 5,000. */
  readonly timeoutMs?: number;
  /** The breaker opens when this percentage of calls failed. Default 50. */
  readonly errorThresholdPercent?: number;
  /** Minimum number of calls in the window before the breaker may open. Default 10. */
  readonly volumeThreshold?: number;
  /** How long it stays open before it allows a trial call. Default 10,000. */
  readonly resetAfterMs?: number;
  /** Length of the window over which calls are counted. Default 10,000. */
  readonly windowMs?: number;
  /** Maximum number of calls in flight; further calls are refused. Default 256. */
  readonly concurrency?: number;
  /** Recognizes errors that do not count as failures of the other side, such as a refused request. Default: none. */
  readonly isHealthy?: (error: unknown) => boolean;
}

/** The other side failed repeatedly, so it is not called for now. */
export class BreakerOpenError extends AppError {
  readonly code = 'BREAKER_OPEN';
  readonly kind = 'unavailable';

  constructor(
    readonly breaker: string,
    readonly retryAfterSeconds: number,
  ) {
    super(`${breaker} is not called because it failed repeatedly; retry in ${retryAfterSeconds} s`);
  }
}

/** The call timed out. */
export class CallTimedOutError extends AppError {
  readonly code = 'CALL_TIMED_OUT';
  readonly kind = 'unavailable';

  constructor(
    readonly breaker: string,
    readonly timeoutMs: number,
  ) {
    super(`${breaker} did not answer within ${timeoutMs} ms`);
  }
}

/** Too many calls to the other side are in flight. */
export class CallRefusedError extends AppError {
  readonly code = 'CALL_REFUSED';
  readonly kind = 'overloaded';

  constructor(readonly breaker: string) {
    super(`${breaker} has too many calls in flight`);
  }
}

export interface Breaker<Arguments extends readonly unknown[], Result> {
  readonly name: string;
  readonly state: () => 'closed' | 'open' | 'half-open';
  call(...args: Arguments): Promise<Result>;
}

/** The circuit breakers of one service, with their metrics. */
export class Breakers implements Closeable {
  private readonly open = new Set<{ close(): void }>();

  constructor(private readonly metrics: ServiceMetrics) {}

  /**
   * Wraps an action. Its signal aborts when the call times out or the service stops, so that no work outlives its call.
   */
  create<Arguments extends readonly unknown[], Result>(
    name: string,
    action: (signal: AbortSignal, ...args: Arguments) => Promise<Result>,
    options: BreakerOptions = {},
  ): Breaker<Arguments, Result> {
    const timeoutMs = options.timeoutMs ?? 5_000;
    const resetAfterMs = options.resetAfterMs ?? 10_000;
    const stopped = new AbortController();
    const circuit = new CircuitBreaker<[Arguments], Result>(
      (args) => runWithTimeout(name, timeoutMs, stopped.signal, (signal) => action(signal, ...args)),
      {
        name,
        // `runWithTimeout` aborts the call. The timer of the circuit would leave the work running.
        timeout: false,
        errorThresholdPercentage: options.errorThresholdPercent ?? 50,
        volumeThreshold: options.volumeThreshold ?? 10,
        resetTimeout: resetAfterMs,
        rollingCountTimeout: options.windowMs ?? 10_000,
        rollingPercentilesEnabled: false,
        capacity: options.concurrency ?? 256,
        ...(options.isHealthy === undefined ? {} : { errorFilter: options.isHealthy }),
      },
    );
    this.measure(name, circuit);
    this.open.add({
      close: () => {
        stopped.abort();
        circuit.shutdown();
      },
    });
    return {
      name,
      state: () => (circuit.opened ? 'open' : circuit.halfOpen ? 'half-open' : 'closed'),
      call: async (...args) => {
        try {
          return await circuit.fire(args);
        } catch (error) {
          const code = error instanceof Error && 'code' in error ? error.code : undefined;
          if (code === 'EOPENBREAKER' || code === 'ESHUTDOWN') {
            throw new BreakerOpenError(name, Math.max(1, Math.ceil(resetAfterMs / 1000)));
          }
          if (code === 'ESEMLOCKED') throw new CallRefusedError(name);
          throw error;
        }
      },
    };
  }

  close(): Promise<void> {
    for (const breaker of this.open) breaker.close();
    this.open.clear();
    return Promise.resolve();
  }

  private measure<Arguments extends unknown[], Result>(
    name: string,
    circuit: CircuitBreaker<Arguments, Result>,
  ): void {
    const state = this.metrics.gauge('breaker_open', '1 while the breaker refuses calls', ['breaker']);
    const calls = this.metrics.counter('breaker_calls_total', 'Calls through a breaker by outcome', [
      'breaker',
      'outcome',
    ]);
    state.set({ breaker: name }, 0);
    circuit.on('open', () => state.set({ breaker: name }, 1));
    circuit.on('halfOpen', () => state.set({ breaker: name }, 0));
    circuit.on('close', () => state.set({ breaker: name }, 0));
    circuit.on('success', () => calls.inc({ breaker: name, outcome: 'success' }));
    circuit.on('failure', () => calls.inc({ breaker: name, outcome: 'failure' }));
    circuit.on('reject', () => calls.inc({ breaker: name, outcome: 'refused' }));
    circuit.on('semaphoreLocked', () => calls.inc({ breaker: name, outcome: 'refused' }));
  }
}

async function runWithTimeout<Result>(
  name: string,
  timeoutMs: number,
  stopped: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  return withTimeout(
    timeoutMs,
    () => new CallTimedOutError(name, timeoutMs),
    (late) => work(AbortSignal.any([late, stopped])),
  );
}
