/** A reading as its producer sent it, not checked yet. */
export interface IncomingReading {
  readonly content: unknown;
  /** `source` and `id` of the CloudEvent that carried it; they identify the reading. */
  readonly event?: { readonly source: string; readonly id: string };
  /** Why it cannot be parsed, for instance a line that is not JSON. */
  readonly unreadable?: string;
}

/** A well-formed reading. */
export interface Reading {
  readonly systemId: string;
  readonly eventTime: Date;
  /** Null: the producer had no value. */
  readonly values: Readonly<Record<string, number | null>>;
  readonly incident?: boolean;
  readonly source?: string;
}

/** Which rule rejected a reading, and the value it saw. */
export interface Reason {
  readonly rule: string;
  readonly column: string | null;
  readonly observed: string;
  readonly message: string;
}

export type Judged =
  | { readonly outcome: 'accepted'; readonly reading: Reading; readonly warnings: readonly Reason[] }
  | {
      readonly outcome: 'quarantined';
      readonly systemId: string | undefined;
      readonly reasons: readonly Reason[];
      /** Present when the reading is well-formed and only a rule of the suite rejected it. */
      readonly reading?: Reading;
    };

/** A value as text for logs and pages: short, and without control and bidirectional characters. */
export function toDisplayText(value: unknown): string {
  const text =
    typeof value === 'number' ? String(value) : value === undefined ? 'nothing' : JSON.stringify(value);
  return text
    .slice(0, 200)
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
