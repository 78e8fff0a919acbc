import 'reflect-metadata';
import { ReadingAccepted } from '@headrace/contracts';
import { AppError } from '@headrace/kernel';
import { eventually, FakeClock, temporaryDirectory } from '@headrace/testing';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect, it, onTestFinished } from 'vitest';
import { BusEventPublisher } from '../bus-event-publisher.js';
import { listDeadLetters } from '../consumer/dead-letters.js';
import { openEmbeddedEventBus, type EmbeddedEventBus } from '../embedded/embedded-event-bus.js';
import { type ReceivedEvent, type NewEvent } from '../events.js';
import { topicSpecsOf } from '../topic-specs.js';
import { EventBusStrategy } from './event-bus-strategy.js';
import { On, OnBatch } from './on.js';

type Reading = ReceivedEvent<typeof ReadingAccepted>;

class PoisonError extends AppError {
  readonly code = 'TEST_POISON';
  readonly kind = 'invalid';
}

const seen: { one: string[]; many: string[][] } = { one: [], many: [] };

@Controller()
class ReadingEvents {
  @On(ReadingAccepted)
  one(event: Reading): Promise<void> {
    seen.one.push(event.payload.systemId);
    return Promise.resolve();
  }

  @OnBatch(ReadingAccepted)
  async many(events: readonly Reading[]): Promise<void> {
    await Promise.resolve();
    if (events.some(({ payload }) => payload.systemId === 'poison')) throw new PoisonError('it hurts');
    seen.many.push(events.map(({ payload }) => payload.systemId));
  }
}

@Module({ controllers: [ReadingEvents] })
class ReadingModule {}

it('hands events to the controllers of an application and buries the one that cannot be handled', async () => {
  const bus = await openEmbeddedEventBus(temporaryDirectory());
  onTestFinished(() => bus.close());
  await bus.provision(topicSpecsOf([ReadingAccepted]));
  await publish(bus, ['a', 'poison', 'b', 'c']);
  const app = await NestFactory.createMicroservice(
    ReadingModule,
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class
    { strategy: new EventBusStrategy({ bus, group: 'test' }), logger: false },
  );
  await app.listen();
  // Each in a partition of its own: what one handler has seen says nothing of the other, and nothing of the dead letter.
  await eventually(async () => {
    expect(seen.many.flat().sort()).toEqual(['a', 'b', 'c']);
    expect(seen.one.sort()).toEqual(['a', 'b', 'c', 'poison']);
    expect(await listDeadLetters(bus, ReadingAccepted.topic, 'test')).toHaveLength(1);
  });
  await app.close();
  const letters = await listDeadLetters(bus, ReadingAccepted.topic, 'test');
  expect(letters).toMatchObject([
    { errorCode: 'TEST_POISON', message: 'it hurts', attempts: expect.any(Number) as number },
  ]);
});

async function publish(bus: EmbeddedEventBus, systems: readonly string[]): Promise<void> {
  const clock = new FakeClock();
  const time = clock.now().toISOString();
  await new BusEventPublisher(bus, 'ingestion', clock).publish(
    ReadingAccepted,
    systems.map((systemId): NewEvent<typeof ReadingAccepted> => ({
      id: `r-${systemId}`,
      time: clock.now(),
      payload: { readingId: `r-${systemId}`, systemId, eventTime: time, knownTime: time, values: { cpu: 1 } },
    })),
  );
}
