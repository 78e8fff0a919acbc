import { createEventBus, type EventBusConfig } from '../create-event-bus.js';

/**
 * The process that the contract suite kills. `append`: appends numbers one call after the other and prints each when
 * it is durable. `consume`: prints each number that its handler has handled.
 */
interface ChildTask {
  readonly config: EventBusConfig;
  readonly mode: 'append' | 'consume';
  readonly topic: string;
  readonly group: string;
}

const task = JSON.parse(process.argv[2] ?? '{}') as ChildTask;
const bus = await createEventBus(task.config);
if (task.mode === 'append') {
  for (let number = 0; ; number++) {
    await bus.append([{ topic: task.topic, key: 'k', value: Buffer.from(String(number)), headers: {} }]);
    process.stdout.write(`${number}\n`);
  }
} else {
  await bus.consume(
    { group: task.group, topics: [task.topic], maxRecordsPerBatch: 1 },
    async ({ records }) => {
      for (const record of records) process.stdout.write(`${Buffer.from(record.value).toString()}\n`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    },
  );
}
