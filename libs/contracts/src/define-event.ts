import { type z } from 'zod';

/** The service that owns an event: the only one that publishes it. `producers` stands for systems outside the platform. */
export type EventOwner =
  | 'ingestion'
  | 'feature-store'
  | 'trainer'
  | 'registry'
  | 'inference'
  | 'canary-controller'
  | 'drift'
  | 'alerting'
  | 'producers';

/** One kind of event: type, topic, payload schema, key and owner. */
export interface EventDefinition<Payload extends z.ZodType = z.ZodType> {
  /** CloudEvents `type`. */
  readonly type: string;
  /** Declared here and nowhere else. */
  readonly topic: string;
  readonly version: number;
  readonly owner: EventOwner;
  readonly summary: string;
  readonly payload: Payload;
  /**
   * A fast check for events that occur thousands of times a second. `true` means that the schema accepts the payload
   * unchanged. On `false`, or without a quick check, the schema decides. It may reject valid payloads; it must never accept
   * invalid ones.
   */
  readonly quickCheck?: (payload: unknown) => boolean;
  /** Events with the same key keep their order. */
  readonly keyOf: (payload: z.output<Payload>) => string;
  readonly partitions: number;
  /** Retention of records in days; undefined keeps them forever. */
  readonly retentionDays: number | undefined;
  /** `compact` keeps at least the newest record of each key. */
  readonly cleanup: 'delete' | 'compact';
  /** Maximum number of events in one record; 1 for events that are never batched. */
  readonly maxEventsPerRecord: number;
}

export type PayloadOf<Definition extends EventDefinition> = z.output<Definition['payload']>;

interface EventOptions<Payload extends z.ZodType> {
  readonly type: string;
  /** Default: the type and the version, `<type>.v<version>`. */
  readonly topic?: string;
  readonly version?: number;
  readonly owner: EventOwner;
  readonly summary: string;
  readonly payload: Payload;
  readonly quickCheck?: (payload: unknown) => boolean;
  readonly keyOf: (payload: z.output<Payload>) => string;
  readonly partitions?: number;
  readonly retentionDays?: number;
  readonly cleanup?: 'delete' | 'compact';
  readonly maxEventsPerRecord?: number;
}

/** Validates a payload: the parsed payload, or the issues of the schema. */
export function checkPayload<Payload extends z.ZodType>(
  { payload: schema, quickCheck }: Pick<EventDefinition<Payload>, 'payload' | 'quickCheck'>,
  payload: unknown,
): z.ZodSafeParseResult<z.output<Payload>> {
  if (quickCheck?.(payload) === true) return { success: true, data: payload as z.output<Payload> };
  return schema.safeParse(payload);
}

/** Declares an event. Defaults: version 1, topic `<type>.v<version>`, one partition, unlimited retention, one event per record. */
export function defineEvent<Payload extends z.ZodType>(
  options: EventOptions<Payload>,
): EventDefinition<Payload> {
  const { type, version = 1 } = options;
  return {
    topic: `${type}.v${version}`,
    version,
    partitions: 1,
    retentionDays: undefined,
    cleanup: 'delete',
    maxEventsPerRecord: 1,
    ...options,
  };
}
