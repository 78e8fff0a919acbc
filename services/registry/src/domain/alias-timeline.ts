/** The period in which an alias pointed to a version. Undefined `until`: it still does. */
export interface AliasSpan {
  readonly modelName: string;
  readonly alias: string;
  /** Undefined: the alias pointed to no version. */
  readonly version: number | undefined;
  readonly from: Date;
  readonly until: Date | undefined;
  readonly reason: string;
  readonly rolloutId: string | undefined;
}

/** A span includes its first instant and excludes its last, so no instant is in two spans. */
export function findSpanAt(spans: readonly AliasSpan[], at: Date): AliasSpan | undefined {
  return spans.find(({ from, until }) => from <= at && (until === undefined || at < until));
}
