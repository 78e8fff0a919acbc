/** That an alias pointed to a version from one instant to another; undefined `until`: it does so still. */
export interface AliasSpan {
  readonly modelName: string;
  readonly alias: string;
  /** Undefined: the alias pointed to none. */
  readonly version: number | undefined;
  readonly from: Date;
  readonly until: Date | undefined;
  readonly reason: string;
  readonly rolloutId: string | undefined;
}

/** Who was live at an instant. A span begins with its first instant and ends before its last: no instant has two. */
export function findSpanAt(spans: readonly AliasSpan[], at: Date): AliasSpan | undefined {
  return spans.find(({ from, until }) => from <= at && (until === undefined || at < until));
}
