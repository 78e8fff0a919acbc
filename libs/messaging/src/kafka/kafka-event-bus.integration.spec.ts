import { describeWithServers } from '@headrace/testing';
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

function asKafka(bus: EventBus): KafkaEventBus {
  if (bus instanceof KafkaEventBus) return bus;
  throw new Error('not a Kafka bus');
}
