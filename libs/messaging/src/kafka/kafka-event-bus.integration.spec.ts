import { randomUUID } from 'node:crypto';
import { describeWithServers } from '@headrace/testing';
import { expect, it, onTestFinished } from 'vitest';
import { type EventBus } from '../event-bus.js';
import { type EventBusConfig } from '../create-event-bus.js';
import { describeEventBus } from '../testing/event-bus.contract.js';
import { type KafkaConfig } from './kafka-config.js';
import { KafkaEventBus, openKafkaEventBus } from './kafka-event-bus.js';

describeWithServers(['kafka'], 'on Apache Kafka', (variable) => {
  describeEventBus('KafkaEventBus', () => {
    const kafka: KafkaConfig = {
      brokers: variable('HEADRACE_TEST_KAFKA_BROKERS').split(','),
      clientId: 'headrace-test',
      // The least that a broker allows, so that the death of a member is noticed soon.
      sessionTimeoutMs: 6_000,
    };
    return {
      config: { driver: 'kafka', kafka },
      open: (config: EventBusConfig) => {
        if (config.driver !== 'kafka') throw new Error('not a Kafka configuration');
        return openKafkaEventBus(config.kafka);
      },
      withBufferLimit: (bufferLimitBytes) => ({ driver: 'kafka', kafka: { ...kafka, bufferLimitBytes } }),
      prepareCompaction: async (bus, topic) => {
        await asKafka(bus).configureTopic(topic, {
          'cleanup.policy': 'compact',
          'segment.ms': '100',
          'min.cleanable.dirty.ratio': '0.001',
          'min.compaction.lag.ms': '0',
        });
      },
      compact: async (bus, topic) => {
        // The active segment is never compacted: a record after `segment.ms` begins another.
        await new Promise((resolve) => setTimeout(resolve, 500));
        await bus.append([{ topic, key: 'roll', value: Buffer.from('roll'), headers: {} }]);
      },
    };
  });
});

describeWithServers(['kafka'], 'one bus that many ask at a time', (variable) => {
  it('finds the offsets of every topic while the metadata of others is asked for', async () => {
    const brokers = variable('HEADRACE_TEST_KAFKA_BROKERS').split(',');
    const bus = await openKafkaEventBus({ brokers, clientId: 'headrace-test' });
    onTestFinished(() => bus.close());
    const run = randomUUID().slice(0, 8);
    const topics = Array.from({ length: 30 }, (_, index) => `headrace-test.${run}.asked-${index}`);
    await bus.provision(topics.map((name) => ({ name, partitions: 2, cleanup: 'delete', retentionDays: 1 })));
    const [known = '', ...others] = topics;
    await bus.append([{ topic: known, key: 'a', value: Buffer.from('one'), headers: {} }]);
    await bus.positions('nobody', [known]);
    let asking = true;
    const looks = async (): Promise<bigint[]> => {
      const ends: bigint[] = [];
      while (asking) {
        for (const { end } of await bus.positions('nobody', [known])) ends.push(end);
      }
      return ends;
    };
    const looking = Promise.all([looks(), looks()]);
    looking.catch(() => undefined);
    for (const topic of others) expect(await bus.partitionCount(topic)).toBe(2);
    asking = false;
    const ends = (await looking).flat();
    expect(ends.filter((end) => end === 1n)).toHaveLength(ends.length / 2);
  });
});

function asKafka(bus: EventBus): KafkaEventBus {
  if (bus instanceof KafkaEventBus) return bus;
  throw new Error('not a Kafka bus');
}
