import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allEvents, type EventDefinition } from '@headrace/contracts';
import { z } from 'zod';

const goldenFolder = join(import.meta.dirname, '../../../libs/contracts/src/events/golden');

/**
 * The AsyncAPI 3 document of every event: one channel a topic, one `send` operation by its owner, payload schema from
 * the Zod schema, the golden sample as example, topic settings as Kafka bindings.
 */
export function asyncApiDocument(version: string): unknown {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Headrace events',
      version,
      description:
        'CloudEvents 1.0 in Kafka binary mode: attributes are ce_* headers, the value is JSON. Events of a high rate are batched, many to a record.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(allEvents.map((event) => [nameOf(event), channelOf(event)])),
    operations: Object.fromEntries(
      allEvents.map((event) => [`publish-${nameOf(event)}`, operationOf(event)]),
    ),
    components: {
      messages: Object.fromEntries(allEvents.map((event) => [nameOf(event), messageOf(event)])),
      messageTraits: { cloudEvent: { headers: cloudEventHeaders } },
    },
  };
}

function nameOf(event: EventDefinition): string {
  return event.owner === 'producers' ? 'telemetry-reading' : event.topic.split('.')[2]!;
}

function channelOf(event: EventDefinition): unknown {
  return {
    address: event.topic,
    description: event.summary,
    messages: { [nameOf(event)]: { $ref: `#/components/messages/${nameOf(event)}` } },
    bindings: {
      kafka: {
        topic: event.topic,
        partitions: event.partitions,
        topicConfiguration: {
          'cleanup.policy': [event.cleanup],
          'retention.ms': event.retentionDays === undefined ? -1 : event.retentionDays * 86_400_000,
        },
        bindingVersion: '0.5.0',
      },
    },
  };
}

function operationOf(event: EventDefinition): unknown {
  return {
    action: event.owner === 'producers' ? 'receive' : 'send',
    channel: { $ref: `#/channels/${nameOf(event)}` },
    summary: event.summary,
    tags: [{ name: event.owner }],
  };
}

function messageOf(event: EventDefinition): unknown {
  return {
    name: event.type,
    summary: event.summary,
    contentType: 'application/json',
    traits: [{ $ref: '#/components/messageTraits/cloudEvent' }],
    payload: z.toJSONSchema(event.payload, { target: 'draft-7', unrepresentable: 'any' }),
    examples: [{ name: 'golden', payload: goldenOf(event) }],
  };
}

function goldenOf(event: EventDefinition): unknown {
  return JSON.parse(readFileSync(join(goldenFolder, `${nameOf(event)}.v${event.version}.json`), 'utf8'));
}

const cloudEventHeaders = {
  type: 'object',
  required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type'],
  properties: {
    ce_specversion: { type: 'string', const: '1.0' },
    ce_id: { type: 'string', description: 'Identity of the fact; equal for a repeat' },
    ce_source: { type: 'string' },
    ce_type: { type: 'string' },
    ce_time: { type: 'string', format: 'date-time' },
    ce_partitionkey: { type: 'string' },
    ce_correlationid: { type: 'string' },
    ce_causationids: { type: 'string', description: 'Ids of the facts that caused this one' },
    ce_traceparent: { type: 'string' },
    ce_actor: { type: 'string' },
  },
};
