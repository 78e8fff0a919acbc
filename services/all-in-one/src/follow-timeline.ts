import { describeEvent } from '@headrace/console/describe-event';
import { allEvents, type EventDefinition } from '@headrace/contracts';
import { decodeRecord, type Consumer, type EventBus } from '@headrace/messaging';

const definitions: ReadonlyMap<string, EventDefinition> = new Map(
  allEvents.map((event) => [event.topic, event]),
);
/** Events that travel alone are decisions. Readings, features and predictions are only counted, on the console. */
const decisions = allEvents.filter((event) => event.maxEventsPerRecord === 1);

export interface TimelineEntry {
  readonly at: Date;
  readonly type: string;
  readonly id: string;
  readonly text: string;
  readonly payload: unknown;
}

/** Passes on every decision from now on, as one sentence each. */
export function followTimeline(
  bus: EventBus,
  group: string,
  onDecision: (entry: TimelineEntry) => void,
): Promise<Consumer> {
  return bus.consume({ group, topics: decisions.map((event) => event.topic), from: 'latest' }, (batch) => {
    const definition = definitions.get(batch.topic);
    if (definition === undefined) return Promise.resolve();
    for (const record of batch.records) {
      for (const decoded of decodeRecord(definition, record)) {
        if (decoded.outcome !== 'event') continue;
        const text = describeEvent(decoded.event);
        if (text !== undefined) {
          onDecision({
            at: decoded.event.time,
            type: decoded.event.type,
            id: decoded.event.id,
            text,
            payload: decoded.event.payload,
          });
        }
      }
    }
    return Promise.resolve();
  });
}
