/** The outcome of a check. Silence is `no-data`, and no-data is never a pass. */
export type Verdict = 'healthy' | 'degraded' | 'inconclusive' | 'no-data';

/** A measured value, or the statement that there was nothing to measure. Never zero for missing. */
export type Measured<T> = { readonly kind: 'value'; readonly value: T } | { readonly kind: 'no-data' };
