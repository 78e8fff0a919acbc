import { describeError, withTimeout } from '@headrace/kernel';
import { type ReadinessCheck } from './service-options.js';

export interface HealthReport {
  readonly status: 'ready' | 'not-ready';
  readonly service: string;
  readonly checks: Readonly<
    Record<string, { readonly status: 'ready' | 'not-ready'; readonly reason?: string }>
  >;
}

const checkTimeoutMs = 2_000;

/** Whether a service can do its job, and if not, why. */
export class ServiceHealth {
  private readonly hostReasons = new Map<string, string>();
  private running: Promise<HealthReport> | undefined;

  constructor(
    private readonly service: string,
    private readonly checks: Readonly<Record<string, ReadinessCheck>>,
  ) {}

  /** Reports the service as not ready, for a reason of the host itself, until `markReady`. */
  markNotReady(name: string, reason: string): void {
    this.hostReasons.set(name, reason);
  }

  markReady(name: string): void {
    this.hostReasons.delete(name);
  }

  /** Concurrent probes share one round of checks. */
  report(): Promise<HealthReport> {
    this.running ??= this.runChecks().finally(() => (this.running = undefined));
    return this.running;
  }

  private async runChecks(): Promise<HealthReport> {
    const results: [string, { status: 'ready' | 'not-ready'; reason?: string }][] = await Promise.all(
      Object.entries(this.checks).map(async ([name, check]) => {
        const result = await runCheck(check);
        return [
          name,
          result === 'ready' ? { status: 'ready' } : { status: 'not-ready', reason: result.notReady },
        ];
      }),
    );
    for (const [name, reason] of this.hostReasons) results.push([name, { status: 'not-ready', reason }]);
    return {
      status: results.every(([, { status }]) => status === 'ready') ? 'ready' : 'not-ready',
      service: this.service,
      checks: Object.fromEntries(results),
    };
  }
}

async function runCheck(check: ReadinessCheck): ReturnType<ReadinessCheck> {
  try {
    return await withTimeout(checkTimeoutMs, () => new Error(`no answer within ${checkTimeoutMs} ms`), check);
  } catch (error) {
    return { notReady: describeError(error) };
  }
}
