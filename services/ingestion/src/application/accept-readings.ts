import { ReadingAccepted, ReadingQuarantined } from '@headrace/contracts';
import { AppError, type Clock } from '@headrace/kernel';
import { type EventPublisher, type NewEvent } from '@headrace/messaging';
import { type ServiceMetrics } from '@headrace/service-host';
import { type CompiledSuite } from '../domain/suite/compile-suite.js';
import { identifyQuarantined, identifyReading } from '../domain/reading/identify-reading.js';
import { type IncomingReading, type Judged, type Reason } from '../domain/reading/reading.js';
import { type WindowValidator } from '../domain/suite/validate-windows.js';

/** More is waiting for the log than may wait. */
export class IngestionOverloadedError extends AppError {
  readonly code = 'INGESTION_OVERLOADED';
  readonly kind = 'overloaded';
  readonly retryAfterSeconds = 1;

  constructor(inFlight: number, limit: number) {
    super(`${inFlight} readings wait for the log, ${limit} may wait; send these again in a second`);
  }
}

export class TooManyReadingsError extends AppError {
  readonly code = 'INGESTION_TOO_MANY_READINGS';
  readonly kind = 'too-large';

  constructor(count: number, limit: number) {
    super(`The request holds ${count} readings, ${limit} are allowed; send them in several`);
  }
}

export interface AcceptOptions {
  readonly readingsPerRequest: number;
  readonly readingsInFlight: number;
  readonly aheadMs: number;
  readonly ageMs: number;
}

export interface Accepted {
  readonly accepted: readonly { readonly index: number; readonly readingId: string }[];
  readonly rejected: readonly {
    readonly index: number;
    readonly quarantineId: string;
    readonly reasons: readonly Reason[];
  }[];
}

/** The one way in: judges readings, and resolves when what was decided about each is durable in the log. */
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
    this.counter = metrics.counter(
      'headrace_ingestion_readings_total',
      'Readings by what was decided about them',
      ['outcome'],
    );
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
    const good: (Accepted['accepted'][number] & { readonly fact: NewEvent<typeof ReadingAccepted> })[] = [];
    const bad: (Accepted['rejected'][number] & { readonly fact: NewEvent<typeof ReadingQuarantined> })[] = [];
    const judgements: Judged[] = [];
    for (const [index, each] of incoming.entries()) {
      const judged = this.suite.judge(each, bounds);
      judgements.push(judged);
      const cause = causationIds[index];
      const caused = cause === undefined ? {} : { causationIds: [cause] };
      if (judged.outcome === 'accepted') {
        const fact = { ...acceptedFact(each, judged, now), ...caused };
        good.push({ index, readingId: fact.id, fact });
      } else {
        const fact = { ...this.quarantinedFact(each, judged, now), ...caused };
        bad.push({ index, quarantineId: fact.id, reasons: judged.reasons, fact });
      }
    }
    await this.publisher.publish(
      ReadingAccepted,
      good.map(({ fact }) => fact),
    );
    await this.publisher.publish(
      ReadingQuarantined,
      bad.map(({ fact }) => fact),
    );
    // Counted only now: what was refused by the log comes again.
    for (const judged of judgements) this.windows.observe(judged, now);
    this.counter.inc({ outcome: 'accepted' }, good.length);
    this.counter.inc({ outcome: 'quarantined' }, bad.length);
    return {
      accepted: good.map(({ index, readingId }) => ({ index, readingId })),
      rejected: bad.map(({ index, quarantineId, reasons }) => ({ index, quarantineId, reasons })),
    };
  }

  private quarantinedFact(
    incoming: IncomingReading,
    judged: Extract<Judged, { outcome: 'quarantined' }>,
    now: Date,
  ): NewEvent<typeof ReadingQuarantined> {
    const quarantineId = identifyQuarantined(incoming, this.suite.version);
    return {
      id: quarantineId,
      time: now,
      payload: {
        quarantineId,
        systemId: judged.systemId ?? null,
        receivedAt: now.toISOString(),
        suite: this.suite.name,
        suiteVersion: this.suite.version,
        reasons: judged.reasons.slice(0, 50).map((reason) => ({ ...reason })),
        reading: kept(incoming.content),
      },
    };
  }
}

const mostKeptBytes = 65_536;

/** The reading as it came, so that it can be judged again; a huge one is cut, which the entry shows. */
function kept(content: unknown): unknown {
  const text = content === undefined ? 'null' : JSON.stringify(content);
  return text.length <= mostKeptBytes ? (content ?? null) : { cut: text.slice(0, mostKeptBytes) };
}

function acceptedFact(
  incoming: IncomingReading,
  { reading }: Extract<Judged, { outcome: 'accepted' }>,
  now: Date,
): NewEvent<typeof ReadingAccepted> {
  const readingId = identifyReading(incoming, reading);
  return {
    id: readingId,
    time: reading.eventTime,
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
