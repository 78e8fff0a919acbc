import { temporaryDirectory } from '@headrace/testing';
import { type EventBusConfig } from '../create-event-bus.js';
import { describeEventBus } from '../testing/event-bus.contract.js';
import { EmbeddedEventBus, openEmbeddedEventBus } from './embedded-event-bus.js';

describeEventBus('EmbeddedEventBus', () => {
  const directory = temporaryDirectory();
  return {
    config: { driver: 'embedded', directory },
    open: (config: EventBusConfig) => {
      if (config.driver !== 'embedded') throw new Error('not an embedded configuration');
      return openEmbeddedEventBus(config.directory, config.options);
    },
    withBufferLimit: (bufferLimitBytes) => ({ driver: 'embedded', directory, options: { bufferLimitBytes } }),
    compact: async (bus) => {
      if (bus instanceof EmbeddedEventBus) await bus.clean();
    },
  };
});
