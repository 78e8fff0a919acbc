import { type Kafka } from 'kafkajs';
import { AppError } from '@headrace/kernel';
import { type IncomingRecord } from '../event-bus.js';
import { incomingRecordOf } from './incoming-record.js';

/** What kafkajs calls its cluster: not part of its public types, and frozen with version 2.2.4. */
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, number[]>>;
  findBroker(of: { nodeId: string }): Promise<Broker>;
}

interface Broker {
  fetch(request: {
    maxWaitTime: number;
    minBytes: number;
    maxBytes: number;
    isolationLevel: number;
    topics: readonly {
      topic: string;
      partitions: readonly { partition: number; fetchOffset: string; maxBytes: number }[];
    }[];
  }): Promise<{ responses: readonly { partitions: readonly { messages: readonly FetchedMessage[] }[] }[] }>;
}

type FetchedMessage = Parameters<typeof incomingRecordOf>[2] & { readonly isControlRecord?: boolean };

export class KafkaInternalsChangedError extends AppError {
  readonly code = 'MESSAGING_KAFKAJS_CHANGED';
  readonly kind = 'internal';
}

const fetchBytes = 1024 * 1024;
const readCommitted = 1;

/**
 * Reads partitions by offset without a consumer group. kafkajs offers groups only, and joining one takes seconds
 * (`group.initial.rebalance.delay.ms`) where a fetch takes a millisecond; so its cluster is used directly. kafkajs is
 * pinned to the version that this was written for.
 */
export class LogReader {
  private cluster: Promise<Cluster> | undefined;

  constructor(private readonly kafka: Kafka) {}

  /** Records of a partition with offsets in [from, end). */
  async *read(topic: string, partition: number, from: bigint, end: bigint): AsyncIterable<IncomingRecord> {
    let position = from;
    while (position < end) {
      const messages = await this.fetch(topic, partition, position);
      let next = position;
      for (const message of messages) {
        const offset = BigInt(message.offset);
        // A fetch answers whole batches: what lies before the wanted offset comes along.
        if (offset < position) continue;
        next = offset + 1n;
        if (offset >= end) return;
        if (message.isControlRecord !== true) yield incomingRecordOf(topic, partition, message);
      }
      // Compaction leaves batches without records: step over them.
      position = next > position ? next : position + 1n;
    }
  }

  async close(): Promise<void> {
    const cluster = await this.cluster?.catch(() => undefined);
    this.cluster = undefined;
    await cluster?.disconnect();
  }

  private async fetch(topic: string, partition: number, offset: bigint): Promise<readonly FetchedMessage[]> {
    try {
      return await this.tryFetch(topic, partition, offset);
    } catch {
      // A leader moved or a connection broke: what kafkajs remembers of the cluster is stale. The second error is thrown.
      await this.close();
      return await this.tryFetch(topic, partition, offset);
    }
  }

  private async tryFetch(
    topic: string,
    partition: number,
    offset: bigint,
  ): Promise<readonly FetchedMessage[]> {
    this.cluster ??= this.connect();
    const cluster = await this.cluster;
    await cluster.addTargetTopic(topic);
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
    const broker = await cluster.findBroker({ nodeId: nodeId ?? '' });
    const { responses } = await broker.fetch({
      maxWaitTime: 200,
      minBytes: 1,
      maxBytes: fetchBytes,
      isolationLevel: readCommitted,
      topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: fetchBytes }] }],
    });
    return responses.flatMap(({ partitions }) => partitions.flatMap(({ messages }) => messages));
  }

  private async connect(): Promise<Cluster> {
    const create = Object.getOwnPropertySymbols(this.kafka)
      .filter(({ description }) => description === 'private:Kafka:createCluster')
      .map((symbol) => (this.kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol])[0];
    if (create === undefined) {
      throw new KafkaInternalsChangedError(
        'kafkajs no longer has the cluster that this adapter reads with; pin 2.2.4',
      );
    }
    const cluster = create({
      metadataMaxAge: 300_000,
      allowAutoTopicCreation: false,
      isolationLevel: readCommitted,
    });
    await cluster.connect();
    return cluster;
  }
}
