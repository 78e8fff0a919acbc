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
import { LogFactFinder } from '../log/log-fact-finder.js';

/** What travels alone is a decision; what travels many to a record is counted and looked up in the log. */
const decisions = allEvents.filter((event) => event.factsPerRecord === 1);

/** The console consumes everything, read only: high-rate facts into the live view, the rest into the ledger. */
@Controller()
export class ConsoleEvents {
  constructor(
    private readonly record: RecordEvents,
    private readonly overview: Overview,
    private readonly finder: LogFactFinder,
  ) {}

  @OnBatch(ReadingAccepted)
  onReadings(events: readonly ReceivedEvent<typeof ReadingAccepted>[]): void {
    this.finder.remember(ReadingAccepted, events);
    this.overview.count('readings', events.length);
    for (const { payload } of events) this.overview.lastReading.set(payload.systemId, payload.values);
  }

  @OnBatch(ReadingQuarantined)
  onQuarantined(events: readonly ReceivedEvent<typeof ReadingQuarantined>[]): void {
    this.finder.remember(ReadingQuarantined, events);
    this.overview.quarantined += events.length;
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
    return this.record.execute(events.map(ledgerEntryOf));
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

function ledgerEntryOf(event: ReceivedEvent): LedgerEntry {
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
