import { assertPositive } from '../samples/assert-parameter.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { sortValues } from '../samples/sort-values.js';

export interface LeadTime {
  readonly incidents: number;
  /** Incidents with an alert in time. The others have no lead time, which is not a lead time of 0. */
  readonly warned: number;
  /** warned / incidents. */
  readonly share: number;
  /** Over the warned incidents, in the unit of the times; undefined when none was. */
  readonly median: number | undefined;
  readonly mean: number | undefined;
  readonly min: number | undefined;
}

/**
 * How long before an incident did the first alert come? An alert belongs to the next incident if that begins within
 * `horizon` (the prediction's horizon, 900 s for `incident_within_15m`): earlier ones warned of something else. An alert at
 * the very start has a lead of 0 and counts. Times in one unit and of one system; in any order.
 *
 * Undefined without an incident. A time that is not finite throws.
 */
export function leadTime(
  alerts: ArrayLike<number>,
  incidents: ArrayLike<number>,
  horizon: number,
): LeadTime | undefined {
  assertPositive('The horizon', horizon);
  assertFinite('alert', alerts);
  assertFinite('incident', incidents);
  // Two incidents that begin at once are one.
  const starts = sortValues(incidents).filter(
    (start, index, all) => index === 0 || start > (all[index - 1] as number),
  );
  if (starts.length === 0) return undefined;
  const firsts = findFirstAlerts(alerts, starts, horizon);
  const found = new Float64Array(starts.length);
  let warned = 0;
  for (let index = 0; index < starts.length; index += 1) {
    const first = firsts[index] as number;
    if (first < Infinity) found[warned++] = (starts[index] as number) - first;
  }
  const leads = sortValues(found.subarray(0, warned));
  const middle = warned >>> 1;
  return {
    incidents: starts.length,
    warned,
    share: warned / starts.length,
    median:
      warned % 2 === 1 || warned === 0
        ? leads[middle]
        : ((leads[middle - 1] as number) + (leads[middle] as number)) / 2,
    mean: warned > 0 ? leads.reduce((sum, lead) => sum + lead, 0) / warned : undefined,
    min: leads[0],
  };
}

function assertFinite(of: string, times: ArrayLike<number>): void {
  for (let index = 0; index < times.length; index += 1) {
    if (!Number.isFinite(times[index])) {
      throw new InvalidSampleError(`Time ${times[index]} of an ${of} is not finite; leave it out`);
    }
  }
}

/**
 * The first alert within the horizon of each incident, Infinity where there is none. The alerts need no order: each looks up
 * the incident after it in a table of equal spans of time, most of which hold none or one.
 */
function findFirstAlerts(alerts: ArrayLike<number>, starts: Float64Array, horizon: number): Float64Array {
  const firsts = new Float64Array(starts.length).fill(Infinity);
  const [from, last] = [starts[0] as number, starts[starts.length - 1] as number];
  const spans = 4 * starts.length;
  const perTime = (spans - 1) / (last - from);
  // Infinite for a single incident, 0 for a range that no span divides: then there is one span.
  const scale = Number.isFinite(perTime) ? perTime : 0;
  const spanOf = (time: number): number => Math.max(0, (time - from) * scale) >>> 0;
  // The first incident of a span or of one after it.
  const firstOf = new Uint32Array(spans + 1).fill(starts.length);
  for (let index = starts.length - 1; index >= 0; index -= 1) {
    firstOf[spanOf(starts[index] as number)] = index;
  }
  for (let span = spans - 1; span >= 0; span -= 1) {
    firstOf[span] = Math.min(firstOf[span] as number, firstOf[span + 1] as number);
  }
  for (let row = 0; row < alerts.length; row += 1) {
    const alert = alerts[row] as number;
    if (alert > last) continue;
    const span = spanOf(alert);
    const index = findFirstAtOrAfter(starts, alert, firstOf[span] as number, firstOf[span + 1] as number);
    if (alert >= (starts[index] as number) - horizon && alert < (firsts[index] as number)) {
      firsts[index] = alert;
    }
  }
  return firsts;
}

/** Index of the first start at or after a time, within [`low`, `high`]. */
function findFirstAtOrAfter(starts: Float64Array, time: number, low: number, high: number): number {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
