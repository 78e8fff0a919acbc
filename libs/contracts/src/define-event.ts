import { type z } from 'zod';

/** The service that owns an event: the only one that publishes it. `producers` is the outside world. */
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

/** Everything there is to know about one kind of event: its name, where it travels, what it carries, who owns it. */
export interface EventDefinition<Payload extends z.ZodType = z.ZodType> {
  /** CloudEvents `type`. */
  readonly type: string;
  /** Topic; the only place where its name is written. */
  readonly topic: string;
  readonly version: number;
  readonly owner: EventOwner;
  readonly summary: string;
  readonly payload: Payload;
  /**
   * Tells quickly that a payload fits the schema as it is, for events of which there are thousands a second. When it
   * is false, or not there, the schema decides; so it may say no to what fits, but never yes to what does not.
   */
  readonly fits?: (payload: unknown) => boolean;
  /** Facts of one key keep their order. */
  readonly keyOf: (payload: z.output<Payload>) => string;
  readonly partitions: number;
  /** Days that records are kept; undefined keeps them for ever. */
  readonly retentionDays: number | undefined;
  /** `compact` keeps at least the newest record of each key. */
  readonly cleanup: 'delete' | 'compact';
  /** The most facts that one record may hold; 1 for facts that travel alone. */
  readonly factsPerRecord: number;
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
  readonly fits?: (payload: unknown) => boolean;
  readonly keyOf: (payload: z.output<Payload>) => string;
  readonly partitions?: number;
  readonly retentionDays?: number;
  readonly cleanup?: 'delete' | 'compact';
  readonly factsPerRecord?: number;
}

/** The payload as the schema gives it, or why it does not fit. */
export function checkPayload<Payload extends z.ZodType>(
  { payload: schema, fits }: Pick<EventDefinition<Payload>, 'payload' | 'fits'>,
  payload: unknown,
): z.ZodSafeParseResult<z.output<Payload>> {
  if (fits?.(payload) === true) return { success: true, data: payload as z.output<Payload> };
  return schema.safeParse(payload);
}

/** Declares an event. Defaults: version 1, topic `<type>.v<version>`, one partition, kept for ever, one event a record. */
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
    factsPerRecord: 1,
    ...options,
  };
}
