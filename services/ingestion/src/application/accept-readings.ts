import { causedBy, ReadingAccepted, ReadingQuarantined } from '@headrace/contracts';
import { AppError, Clock } from '@headrace/kernel';
import { EventPublisher, type NewEvent } from '@headrace/messaging';
import { ServiceMetrics } from '@headrace/service-host';
import { Injectable } from '@nestjs/common';
import { CompiledSuite } from '../domain/suite/compiled-suite.js';
import { identifyQuarantined, identifyReading } from '../domain/reading/identify-reading.js';
import { type IncomingReading, type Judged, type Reason } from '../domain/reading/reading.js';
import { WindowValidator } from '../domain/suite/window-validator.js';

/** More readings are waiting for the log than are allowed to. */
export class IngestionOverloadedError extends AppError {
  readonly code = 'INGESTION_OVERLOADED';
  readonly kind = 'overloaded';
  readonly retryAfterSeconds = 1;

  constructor(inFlight: number, limit: number) {
    super(`${inFlight} readings are waiting for the log, ${limit} are allowed; send these again in a second`);
  }
}

export class TooManyReadingsError extends AppError {
  readonly code = 'INGESTION_TOO_MANY_READINGS';
  readonly kind = 'too-large';

  constructor(count: number, limit: number) {
    super(`The request has ${count} readings, ${limit} are allowed; split it`);
  }
}

export abstract class AcceptOptions {
  abstract readonly readingsPerRequest: number;
  abstract readonly readingsInFlight: number;
  abstract readonly aheadMs: number;
  abstract readonly ageMs: number;
}

export interface Accepted {
  readonly accepted: readonly { readonly index: number; readonly readingId: string }[];
  readonly rejected: readonly {
    readonly index: number;
    readonly quarantineId: string;
    readonly reasons: readonly Reason[];
  }[];
}

/** The only way in: judges readings, and resolves when the verdict on each is durable in the log. */
@Injectable()
export class AcceptReadings {
  private inFlight = 0;
  private readonly counter;

  constructor(
    private readonly suite: CompiledSuite,
    private readonly windows: WindowValidator,
    private readonly publisher: EventPublisher,
    private readonly clock: Clock,
    private readonly options: AcceptOptions,
    metrics: ServiceMetrics,
  ) {
    this.counter = metrics.counter('headrace_ingestion_readings_total', 'Readings by outcome', ['outcome']);
  }

  async execute(incoming: readonly IncomingReading[], causationIds?: readonly string[]): Promise<Accepted> {
    const { readingsPerRequest, readingsInFlight } = this.options;
    if (incoming.length > readingsPerRequest) {
      throw new TooManyReadingsError(incoming.length, readingsPerRequest);
    }
    if (this.inFlight > 0 && this.inFlight + incoming.length > readingsInFlight) {
      this.counter.inc({ outcome: 'refused-overload' }, incoming.length);
      throw new IngestionOverloadedError(this.inFlight, readingsInFlight);
    }
    this.inFlight += incoming.length;
    try {
      return await this.decide(incoming, causationIds ?? []);
    } finally {
      this.inFlight -= incoming.length;
    }
  }

  private async decide(
    incoming: readonly IncomingReading[],
    causationIds: readonly string[],
  ): Promise<Accepted> {
    const now = this.clock.now();
    const bounds = { now, aheadMs: this.options.aheadMs, ageMs: this.options.ageMs };
    const good: NewEvent<typeof ReadingAccepted>[] = [];
    const bad: NewEvent<typeof ReadingQuarantined>[] = [];
    const accepted: Accepted['accepted'][number][] = [];
    const rejected: Accepted['rejected'][number][] = [];
    const judgements: Judged[] = [];
    for (const [index, each] of incoming.entries()) {
      const judged = this.suite.judge(each, bounds);
      judgements.push(judged);
      const causes = causationIds.slice(index, index + 1);
      if (judged.outcome === 'accepted') {
        const event = toAccepted(each, judged, now, causes);
        good.push(event);
        accepted.push({ index, readingId: event.id });
      } else {
        const event = this.toQuarantined(each, judged, now, causes);
        bad.push(event);
        rejected.push({ index, quarantineId: event.id, reasons: judged.reasons });
      }
    }
    await this.publisher.publish(ReadingAccepted, good);
    await this.publisher.publish(ReadingQuarantined, bad);
    // Counted only now: what the log rejected comes again.
    for (const judged of judgements) this.windows.observe(judged, now);
    this.counter.inc({ outcome: 'accepted' }, good.length);
    this.counter.inc({ outcome: 'quarantined' }, bad.length);
    return { accepted, rejected };
  }

  private toQuarantined(
    incoming: IncomingReading,
    judged: Extract<Judged, { outcome: 'quarantined' }>,
    now: Date,
    causes: readonly string[],
  ): NewEvent<typeof ReadingQuarantined> {
    const quarantineId = identifyQuarantined(incoming, this.suite.version);
    return {
      id: quarantineId,
      time: now,
      ...causedBy(undefined, ...causes),
      payload: {
        quarantineId,
        systemId: judged.systemId ?? null,
        receivedAt: now.toISOString(),
        suite: this.suite.name,
        suiteVersion: this.suite.version,
        reasons: judged.reasons.slice(0, 50).map((reason) => ({ ...reason })),
        reading: truncate(incoming.content),
      },
    };
  }
}

const maxStoredCharacters = 65_536;

/** The reading as received, so that it can be judged again. A huge one is cut, which the entry shows. */
function truncate(content: unknown): unknown {
  const text = content === undefined ? 'null' : JSON.stringify(content);
  return text.length <= maxStoredCharacters ? (content ?? null) : { cut: text.slice(0, maxStoredCharacters) };
}

function toAccepted(
  incoming: IncomingReading,
  { reading }: Extract<Judged, { outcome: 'accepted' }>,
  now: Date,
  causes: readonly string[],
): NewEvent<typeof ReadingAccepted> {
  const readingId = identifyReading(incoming, reading);
  return {
    id: readingId,
    time: reading.eventTime,
    ...causedBy(undefined, ...causes),
    payload: {
      readingId,
      systemId: reading.systemId,
      eventTime: reading.eventTime.toISOString(),
      knownTime: now.toISOString(),
      values: reading.values,
      ...(reading.incident === undefined ? {} : { incident: reading.incident }),
      ...(reading.source === undefined ? {} : { source: reading.source }),
    },
  };
}
