import { type EventDefinition } from '@headrace/contracts';
import { type TopicSpec } from './event-bus.js';

/** The topics that events travel on, each once, for `EventBus.provision`. */
export function topicSpecsOf(definitions: readonly EventDefinition[]): readonly TopicSpec[] {
  const specs = new Map<string, TopicSpec>();
  for (const { topic, partitions, retentionDays, cleanup } of definitions) {
    const known = specs.get(topic);
    specs.set(topic, {
      name: topic,
      partitions: Math.max(partitions, known?.partitions ?? 1),
      retentionDays,
      cleanup,
    });
  }
  return [...specs.values()];
}

/** Where the events go that a group could not handle. */
export function deadLetterTopic(topic: string, group: string): string {
  return `${topic}.${group}.dlq`;
}

/** Dead letters wait for a person; a quarter is enough for one to come. */
export function deadLetterSpec(topic: string, group: string): TopicSpec {
  return { name: deadLetterTopic(topic, group), partitions: 1, retentionDays: 90, cleanup: 'delete' };
}
