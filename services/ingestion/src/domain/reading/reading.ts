/** A reading as its producer sent it, before anybody has looked at it, and how it came. */
export interface IncomingReading {
  readonly content: unknown;
  /** CloudEvents `source` and `id`, when it came as one: they identify it. */
  readonly event?: { readonly source: string; readonly id: string };
  /** Why it could not even be read, for instance a line that is no JSON. */
  readonly unreadable?: string;
}

/** A reading that is fit to be used. */
export interface Reading {
  readonly systemId: string;
  readonly eventTime: Date;
  /** Null says that the producer had no value. */
  readonly values: Readonly<Record<string, number | null>>;
  readonly incident?: boolean;
  readonly source?: string;
}

/** Which rule refused a reading, and what it saw. */
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
      /** When it could be read and only a rule was against it. */
      readonly reading?: Reading;
    };

/** What was seen, short enough for a log and a page, without characters that change how text is shown. */
export function toDisplayText(value: unknown): string {
  const text =
    typeof value === 'number' ? String(value) : value === undefined ? 'nothing' : JSON.stringify(value);
  return text
    .slice(0, 200)
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
