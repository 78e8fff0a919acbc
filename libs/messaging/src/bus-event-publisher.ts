import { type EventDefinition } from '@headrace/contracts';
import { SystemClock, type Clock } from '@headrace/kernel';
import { encodeEvents } from './codec/encode-events.js';
import { type EventBus } from './event-bus.js';
import { EventPublisher, type NewEvent } from './events.js';

/** Publishes events on the bus as CloudEvents of one source, the service that emits them. */
export class BusEventPublisher extends EventPublisher {
  constructor(
    private readonly bus: EventBus,
    private readonly source: string,
    private readonly clock: Clock = new SystemClock(),
  ) {
    super();
  }

  async publish<Definition extends EventDefinition>(
    definition: Definition,
    events: readonly NewEvent<Definition>[],
  ): Promise<void> {
    if (events.length === 0) return;
    const partitions = await this.bus.partitionCount(definition.topic);
    await this.bus.append(encodeEvents(definition, events, this.source, partitions, this.clock.now()));
  }
}
