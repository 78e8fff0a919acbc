import { describeEvent } from '@headrace/console/describe-event';
import { allEvents, type EventDefinition } from '@headrace/contracts';
import { decodeRecord, type Consumer, type EventBus } from '@headrace/messaging';

const definitions: ReadonlyMap<string, EventDefinition> = new Map(
  allEvents.map((event) => [event.topic, event]),
);
/** One fact a record: decisions. Readings, features and predictions are counted on the console. */
const decisions = allEvents.filter((event) => event.factsPerRecord === 1);

export interface TimelineEntry {
  readonly at: Date;
  readonly type: string;
  readonly id: string;
  readonly text: string;
  readonly payload: unknown;
}

/** Hands over every decision from now on, as one sentence each. */
export function followTimeline(
  bus: EventBus,
  group: string,
  tell: (entry: TimelineEntry) => void,
): Promise<Consumer> {
  return bus.consume({ group, topics: decisions.map((event) => event.topic), from: 'latest' }, (batch) => {
    const definition = definitions.get(batch.topic);
    if (definition === undefined) return Promise.resolve();
    for (const record of batch.records) {
      for (const fact of decodeRecord(definition, record)) {
        if (fact.outcome !== 'event') continue;
        const text = describeEvent(fact.event);
        if (text !== undefined) {
          tell({
            at: fact.event.time,
            type: fact.event.type,
            id: fact.event.id,
            text,
            payload: fact.event.payload,
          });
        }
      }
    }
    return Promise.resolve();
  });
}
