import {
  FeaturesComputed,
  OutcomeObserved,
  PredictionMade,
  ReadingAccepted,
  ReadingQuarantined,
  type EventDefinition,
} from '@headrace/contracts';
import { eventAt, findEvent, type EventBus, type ReceivedEvent } from '@headrace/messaging';
import { EventFinder } from '../../application/ports.js';
import { type ChainEvent } from '../../domain/build-causal-chain.js';

const searchedDefinitions: readonly EventDefinition[] = [
  PredictionMade,
  FeaturesComputed,
  ReadingAccepted,
  OutcomeObserved,
  ReadingQuarantined,
];
const maxRememberedPositions = 50_000;
const marginMs = 10 * 60_000;

/**
 * Finds a high-rate event in the log. The positions of the newest events are remembered, so that finding one costs a single
 * read. An older event is searched for from shortly before its effect, then from the beginning; the cost grows with its age.
 */
export class LogEventFinder extends EventFinder {
  private readonly positions = new Map<string, readonly [EventDefinition, ReceivedEvent['position']]>();

  constructor(private readonly bus: EventBus) {
    super();
  }

  remember(definition: EventDefinition, events: readonly ReceivedEvent[]): void {
    for (const event of events) this.positions.set(event.id, [definition, event.position]);
    for (const id of this.positions.keys()) {
      if (this.positions.size <= maxRememberedPositions) break;
      this.positions.delete(id);
    }
  }

  async find(id: string, around: Date | undefined): Promise<ChainEvent | undefined> {
    const remembered = this.positions.get(id);
    const event = remembered === undefined ? undefined : await eventAt(this.bus, ...remembered);
    if (event !== undefined) return toChainEvent(event);
    const near =
      around === undefined ? undefined : await this.search(id, new Date(around.getTime() - marginMs));
    return near ?? (await this.search(id, undefined));
  }

  private async search(id: string, from: Date | undefined): Promise<ChainEvent | undefined> {
    for (const definition of searchedDefinitions) {
      const event = await findEvent(
        this.bus,
        definition,
        id,
        from === undefined ? undefined : { time: from },
      );
      if (event !== undefined) return toChainEvent(event);
    }
    return undefined;
  }
}

function toChainEvent(event: ReceivedEvent): ChainEvent {
  return {
    id: event.id,
    type: event.type,
    time: event.time.toISOString(),
    payload: event.payload,
    causationIds: event.causationIds,
  };
}
