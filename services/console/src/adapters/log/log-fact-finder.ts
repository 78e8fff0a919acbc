import {
  FeaturesComputed,
  OutcomeObserved,
  PredictionMade,
  ReadingAccepted,
  ReadingQuarantined,
  type EventDefinition,
} from '@headrace/contracts';
import { eventAt, findEvent, type EventBus, type ReceivedEvent } from '@headrace/messaging';
import { FactFinder } from '../../application/ports.js';
import { type ChainFact } from '../../domain/causal-chain.js';

const searched: readonly EventDefinition[] = [
  PredictionMade,
  FeaturesComputed,
  ReadingAccepted,
  OutcomeObserved,
  ReadingQuarantined,
];
const rememberedPositions = 50_000;
const marginMs = 10 * 60_000;

/**
 * Finds a high-rate fact where it lies in the log. The positions of the newest facts are remembered and cost one read;
 * an older one is searched from shortly before its effect on, then from the beginning, so its cost grows with its age.
 */
export class LogFactFinder extends FactFinder {
  private readonly positions = new Map<string, readonly [EventDefinition, ReceivedEvent['position']]>();

  constructor(private readonly bus: EventBus) {
    super();
  }

  remember(definition: EventDefinition, events: readonly ReceivedEvent[]): void {
    for (const event of events) this.positions.set(event.id, [definition, event.position]);
    for (const id of this.positions.keys()) {
      if (this.positions.size <= rememberedPositions) break;
      this.positions.delete(id);
    }
  }

  async find(id: string, around: Date | undefined): Promise<ChainFact | undefined> {
    const known = this.positions.get(id);
    const event = known === undefined ? undefined : await eventAt(this.bus, ...known);
    if (event !== undefined) return factOf(event);
    const near =
      around === undefined ? undefined : await this.search(id, new Date(around.getTime() - marginMs));
    return near ?? (await this.search(id, undefined));
  }

  private async search(id: string, from: Date | undefined): Promise<ChainFact | undefined> {
    for (const definition of searched) {
      const event = await findEvent(
        this.bus,
        definition,
        id,
        from === undefined ? undefined : { time: from },
      );
      if (event !== undefined) return factOf(event);
    }
    return undefined;
  }
}

function factOf(event: ReceivedEvent): ChainFact {
  return {
    id: event.id,
    type: event.type,
    time: event.time.toISOString(),
    payload: event.payload,
    causationIds: event.causationIds,
  };
}
