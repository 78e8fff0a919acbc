import { deterministicId } from '@headrace/kernel';

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

const pushed = 'push:';

/** `changedBy` of a row that somebody pushed. */
export function changedByPush(source: string, systemId: string, eventTime: number): string {
  return `${pushed}${deterministicId('push', source, systemId, String(eventTime))}`;
}

/** Id of the fact that states the features of a reading under a view's rule. */
export function featuresIdOf(readingId: string, rule: string): string {
  return deterministicId(readingId, rule);
}

/** The `features-computed` fact behind a row; undefined when the row was pushed, which states no fact. */
export function factBehind(row: Pick<OnlineRow, 'changedBy'>, rule: string): string | undefined {
  return row.changedBy.startsWith(pushed) ? undefined : featuresIdOf(row.changedBy, rule);
}

/** Whether `offered` may replace `kept`: never by older event time; at the same one by what became known later. */
export function isNewer(
  offered: Pick<OnlineRow, 'eventTime' | 'knownTime'>,
  kept: Pick<OnlineRow, 'eventTime' | 'knownTime'>,
): boolean {
  if (offered.eventTime !== kept.eventTime) return offered.eventTime > kept.eventTime;
  return offered.knownTime >= kept.knownTime;
}
