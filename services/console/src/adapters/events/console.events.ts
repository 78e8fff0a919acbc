import {
  allEvents,
  FeaturesComputed,
  OutcomeObserved,
  PredictionMade,
  ReadingAccepted,
  ReadingQuarantined,
} from '@headrace/contracts';
import { OnBatch, type ReceivedEvent } from '@headrace/messaging';
import { Controller } from '@nestjs/common';
import { type LedgerEntry } from '../../application/ports.js';
import { RecordEvents } from '../../application/record-events.js';
import { Overview } from '../../domain/overview.js';
import { LogEventFinder } from '../log/log-event-finder.js';

/** Events that travel alone are decisions. Those that share a record are counted, and looked up in the log when needed. */
const decisions = allEvents.filter((event) => event.maxEventsPerRecord === 1);

/** Consumes every event: high-rate ones go into the live view, the others into the ledger. */
@Controller()
export class ConsoleEvents {
  constructor(
    private readonly recordEvents: RecordEvents,
    private readonly overview: Overview,
    private readonly finder: LogEventFinder,
  ) {}

  @OnBatch(ReadingAccepted)
  onReadings(events: readonly ReceivedEvent<typeof ReadingAccepted>[]): void {
    this.finder.remember(ReadingAccepted, events);
    this.overview.count('readings', events.length);
    for (const { payload } of events) this.overview.putLastReading(payload.systemId, payload.values);
  }

  @OnBatch(ReadingQuarantined)
  onQuarantined(events: readonly ReceivedEvent<typeof ReadingQuarantined>[]): void {
    this.finder.remember(ReadingQuarantined, events);
    this.overview.countQuarantined(events.length);
  }

  @OnBatch(FeaturesComputed)
  onFeatures(events: readonly ReceivedEvent<typeof FeaturesComputed>[]): void {
    this.finder.remember(FeaturesComputed, events);
    this.overview.count('features', events.length);
  }

  @OnBatch(PredictionMade)
  onPredictions(events: readonly ReceivedEvent<typeof PredictionMade>[]): void {
    this.finder.remember(PredictionMade, events);
    this.overview.count('predictions', events.length);
    for (const { payload } of events) {
      if (payload.systemId === null) continue;
      this.overview.addPrediction(payload.systemId, {
        predictionId: payload.predictionId,
        eventTime: payload.eventTime,
        probability: payload.probability,
        version: payload.modelVersion,
        arm: payload.arm,
        outcome: undefined,
      });
    }
  }

  @OnBatch(OutcomeObserved)
  onOutcomes(events: readonly ReceivedEvent<typeof OutcomeObserved>[]): void {
    this.finder.remember(OutcomeObserved, events);
    this.overview.count('outcomes', events.length);
    for (const { payload } of events) {
      this.overview.addOutcome(payload.systemId, payload.eventTime, payload.value);
    }
  }

  @OnBatch(...decisions)
  onDecisions(events: readonly ReceivedEvent[]): Promise<void> {
    return this.recordEvents.execute(events.map(toLedgerEntry));
  }
}

const subjectFields = [
  'trainingId',
  'runId',
  'rolloutId',
  'driftId',
  'requestId',
  'alertId',
  'notificationId',
] as const;

function toLedgerEntry(event: ReceivedEvent): LedgerEntry {
  const payload = event.payload as Readonly<Record<string, unknown>>;
  const subjects = subjectFields.map((field) => payload[field]).filter((value) => typeof value === 'string');
  if (typeof payload['modelName'] === 'string' && typeof payload['modelVersion'] === 'number') {
    subjects.push(`${payload['modelName']}/${payload['modelVersion']}`);
  }
  return {
    id: event.id,
    type: event.type,
    time: event.time.toISOString(),
    subjects,
    correlationId: event.correlationId,
    causationIds: event.causationIds,
    payload,
  };
}
