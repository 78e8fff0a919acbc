import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { type EventDefinition } from '@headrace/contracts';
import { AppError, describeError } from '@headrace/kernel';
import { type Consumer, type EventBus } from '../event-bus.js';
import { handleBatch, type BatchHandler, type Handling } from '../consumer/handle-batch.js';
import { noLog, type MessagingLog } from '../consumer/messaging-log.js';
import { noMetrics, type MessagingMetrics } from '../consumer/messaging-metrics.js';
import { defaultRetryPolicy, type RetryPolicy } from '../consumer/retry-policy.js';
import { topicSpecsOf } from '../topic-specs.js';
import { eventBusTransport, type HandlerExtras } from './event-bus-transport.js';

export interface EventBusStrategyOptions {
  readonly bus: EventBus;
  /** Consumer group: the service's name. */
  readonly group: string;
  readonly log?: MessagingLog;
  readonly metrics?: MessagingMetrics;
  readonly retry?: RetryPolicy;
  /** Called when consuming cannot go on; readiness must end. */
  readonly onFatal?: (error: Error) => void;
  /** Maximum number of events in one call of a batch handler. Default 1000. */
  readonly maxEventsPerCall?: number;
  /** The most records fetched at once; bounds what is in flight. Default 500. */
  readonly maxRecordsPerBatch?: number;
  /** Partitions handled at the same time, so that a slow topic does not hold up the others. Default 4. */
  readonly concurrency?: number;
  /** Where a group without committed offsets begins. Default `earliest`. */
  readonly from?: 'earliest' | 'latest';
  /** How often the lag is measured. Default 10 s; 0 never. */
  readonly lagEveryMs?: number;
}

export class HandlerUnknownError extends AppError {
  readonly code = 'MESSAGING_HANDLER_UNKNOWN';
  readonly kind = 'unsupported';
}

/**
 * Nest's transport on our EventBus: controllers handle events by @On and @OnBatch, one consumer reads the topics of all
 * of them. Offsets are committed after the handlers resolved; errors go to retry or to the dead letters, never into
 * the void. Nest's own Kafka transport is not used; see ADR 0001.
 */
export class EventBusStrategy extends Server implements CustomTransportStrategy {
  override readonly transportId = eventBusTransport;
  /** Hands errors of handlers to us instead of logging them. */
  override readonly propagatesEventHandlerErrors = true;
  private readonly handlers = new Map<string, { definition: EventDefinition; handlers: BatchHandler[] }>();
  private consumer: Consumer | undefined;
  private lagTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: EventBusStrategyOptions) {
    super();
  }

  /** Several handlers of one event stay apart, each with its own retries; Nest would chain them into one. */
  override addHandler(
    pattern: string,
    callback: MessageHandler,
    isEventHandler = false,
    extras: Partial<HandlerExtras> = {},
  ): void {
    const { definitions, mode } = extras;
    const definition = definitions?.find(({ topic }) => topic === pattern);
    if (!isEventHandler || definition === undefined || mode === undefined) {
      throw new HandlerUnknownError(`The handler of "${pattern}" is not declared by @On or @OnBatch`);
    }
    this.messageHandlers.set(pattern, callback);
    let entry = this.handlers.get(definition.topic);
    if (entry === undefined) this.handlers.set(definition.topic, (entry = { definition, handlers: [] }));
    entry.handlers.push({ mode, handle: (data: unknown) => settled(callback, data) });
  }

  listen(callback: (error?: unknown) => void): void {
    this.start().then(
      () => callback(),
      (error: unknown) => callback(error),
    );
  }

  /** Topics with a handler; empty when the service consumes nothing. */
  get topics(): readonly string[] {
    return [...this.handlers.keys()];
  }

  /** Stops fetching, waits for the handlers in flight, commits. */
  async close(): Promise<void> {
    clearInterval(this.lagTimer);
    await this.consumer?.close();
    this.consumer = undefined;
  }

  pause(topics: readonly string[] = this.topics): void {
    this.consumer?.pause(topics);
  }

  resume(topics: readonly string[] = this.topics): void {
    this.consumer?.resume(topics);
  }

  on(): void {
    throw new HandlerUnknownError('The event bus emits no events of its own; pass onFatal in the options');
  }

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- Nest's signature
  unwrap<T>(): T {
    return this.options.bus as T;
  }

  private async start(): Promise<void> {
    if (this.handlers.size === 0) return;
    const { bus, group, log = noLog, metrics = noMetrics } = this.options;
    const { retry = defaultRetryPolicy, maxEventsPerCall = 1000, lagEveryMs = 10_000 } = this.options;
    await bus.provision(topicSpecsOf([...this.handlers.values()].map(({ definition }) => definition)));
    const handlings = new Map<string, Handling>();
    for (const [topic, { definition, handlers }] of this.handlers) {
      handlings.set(topic, { bus, group, definition, handlers, retry, metrics, log, maxEventsPerCall });
    }
    this.consumer = await bus.consume(
      {
        group,
        topics: this.topics,
        from: this.options.from ?? 'earliest',
        maxRecordsPerBatch: this.options.maxRecordsPerBatch ?? 500,
        concurrency: this.options.concurrency ?? 4,
        onFatal: (error) => {
          log.error({ group }, `Consuming has ended: ${describeError(error)}`);
          this.options.onFatal?.(error);
        },
      },
      async (batch) => {
        const handling = handlings.get(batch.topic);
        if (handling !== undefined) await handleBatch(batch, handling);
      },
    );
    if (lagEveryMs > 0) this.measureLagEvery(lagEveryMs, metrics, log);
  }

  private measureLagEvery(milliseconds: number, metrics: MessagingMetrics, log: MessagingLog): void {
    const { bus, group } = this.options;
    let measuring = false;
    this.lagTimer = setInterval(() => {
      if (measuring) return;
      measuring = true;
      bus
        .positions(group, this.topics)
        .then((positions) => {
          for (const topic of this.topics) {
            const lag = positions
              .filter((each) => each.topic === topic)
              .reduce((sum, each) => sum + each.lag, 0n);
            metrics.lag(topic, Number(lag));
          }
        })
        .catch((error: unknown) => log.warn({ group }, `The lag is not known: ${describeError(error)}`))
        .finally(() => (measuring = false));
    }, milliseconds);
    this.lagTimer.unref();
  }
}

/** Nest answers a promise of a value or of an observable; the handler has ended when that one completes. */
async function settled(callback: MessageHandler, data: unknown): Promise<void> {
  const result: unknown = await callback(data);
  if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
}
