/** What is served of one system: its newest features, and how much of each window there was. */
export interface OnlineRow {
  readonly systemId: string;
  readonly eventTime: number;
  readonly knownTime: number;
  /** The reading or push that changed it last. */
  readonly changedBy: string;
  /** In the order of the view's names; NaN where there is no value. */
  readonly values: Float64Array;
  /** Share of each window that the history reaches back; NaN when it is not known. */
  readonly fill: Float64Array;
}

/** Whether `offered` may replace `kept`: never by older event time; at the same one by what became known later. */
export function isNewer(
  offered: Pick<OnlineRow, 'eventTime' | 'knownTime'>,
  kept: Pick<OnlineRow, 'eventTime' | 'knownTime'>,
): boolean {
  if (offered.eventTime !== kept.eventTime) return offered.eventTime > kept.eventTime;
  return offered.knownTime >= kept.knownTime;
}
