/** How to reach Apache Kafka; the host parses it from KAFKA_* variables. */
export interface KafkaConfig {
  readonly brokers: readonly string[];
  /** Names this process in the broker's log and quotas. */
  readonly clientId: string;
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
  /** False or undefined: plain text. PEM texts, not paths. */
  readonly ssl?:
    | boolean
    | {
        readonly ca?: string;
        readonly cert?: string;
        readonly key?: string;
        readonly rejectUnauthorized?: boolean;
        readonly servername?: string;
      };
  /** Replicas of topics that are made. Default: the broker's. */
  readonly replicationFactor?: number;
  /** How long an append may wait for others to share its request. Default 2 ms. */
  readonly lingerMs?: number;
  /** The most bytes that may wait for the broker. Default 32 MiB. */
  readonly bufferLimitBytes?: number;
  /** How long an append waits for a broker that is away before it is rejected. Default 120 s. */
  readonly deliveryTimeoutMs?: number;
  /** How long a member may be silent before its partitions go to others. Default 30 s. */
  readonly sessionTimeoutMs?: number;
  /** Default 5 s; TLS on a busy machine wants more. */
  readonly connectionTimeoutMs?: number;
  readonly compression?: 'none' | 'gzip';
  /** Told what the operator should read: the broker is away, is back, a consumer begins again. */
  readonly onEvent?: (level: 'info' | 'warn' | 'error', message: string) => void;
}
