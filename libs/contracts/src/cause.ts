/** What an event is emitted because of: another event, and the correlation that it belongs to. */
export interface Cause {
  readonly id: string;
  readonly correlationId: string | undefined;
}

/**
 * The causal attributes of an event that follows from `cause` and from the events named by `more`. The correlation is
 * inherited from the cause. Without any cause there are no attributes.
 */
export function causedBy(
  cause: Cause | undefined,
  ...more: readonly string[]
): { readonly causationIds?: readonly string[]; readonly correlationId?: string } {
  const causationIds = [...(cause === undefined ? [] : [cause.id]), ...more];
  return {
    ...(causationIds.length > 0 && { causationIds }),
    ...(cause?.correlationId !== undefined && { correlationId: cause.correlationId }),
  };
}
