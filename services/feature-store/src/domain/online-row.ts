import { deterministicId } from '@headrace/kernel';

/** What is served of one system: its newest features, and how much of each window there was. */
export interface OnlineRow {
  readonly systemId: string;
  readonly eventTime: number;
  readonly knownTime: number;
  /** The reading or push that changed the row last. */
  readonly changedBy: string;
  /** In the order of the view's names; NaN where there is no value. */
  readonly values: Float64Array;
  /** Share of each window that the history reaches back; NaN when it is not known. */
  readonly fill: Float64Array;
}

const pushPrefix = 'push:';

/** `changedBy` of a pushed row. */
export function changedByPush(source: string, systemId: string, eventTime: number): string {
  return `${pushPrefix}${deterministicId('push', source, systemId, String(eventTime))}`;
}

/** Id of the event with the features of a reading under a view's rule. */
export function toFeaturesId(readingId: string, rule: string): string {
  return deterministicId(readingId, rule);
}

/** Id of the `features.computed` event behind a row; undefined when the row was pushed, which publishes no event. */
export function featuresIdBehind(row: Pick<OnlineRow, 'changedBy'>, rule: string): string | undefined {
  return row.changedBy.startsWith(pushPrefix) ? undefined : toFeaturesId(row.changedBy, rule);
}

/** Whether `offered` may replace `current`: by event time, then by the time it became known. */
export function isNewer(
  offered: Pick<OnlineRow, 'eventTime' | 'knownTime'>,
  current: Pick<OnlineRow, 'eventTime' | 'knownTime'>,
): boolean {
  if (offered.eventTime !== current.eventTime) return offered.eventTime > current.eventTime;
  return offered.knownTime >= current.knownTime;
}
