/** The cause of an event: another event and the correlation that it belongs to. */
export interface Cause {
  readonly id: string;
  readonly correlationId: string | undefined;
}

/**
 * The causal attributes of an event caused by `cause` and by the events with the ids `more`. The correlation is inherited from
 * the cause. Without a cause there are no attributes.
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
