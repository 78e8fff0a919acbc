/** What the consumer counts. The host binds it to its metrics; by default nothing is counted. */
export interface MessagingMetrics {
  /** Events whose handler resolved. */
  handled(topic: string, events: number): void;
  /** Calls that are made again after a retryable error. */
  retried(topic: string, errorCode: string): void;
  /** Events, or unreadable records, that went to the dead letters. */
  deadLettered(topic: string, errorCode: string): void;
  /** Records behind the end of a topic, all partitions; sampled. */
  lag(topic: string, records: number): void;
}

export const noMetrics: MessagingMetrics = {
  handled: () => undefined,
  retried: () => undefined,
  deadLettered: () => undefined,
  lag: () => undefined,
};
