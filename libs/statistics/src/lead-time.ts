import { assertPositive } from './assert-parameter.js';
import { InvalidSampleError } from './invalid-sample-error.js';
import { sortedValues } from './sorted-values.js';

export interface LeadTime {
  readonly incidents: number;
  /** Incidents with an alert in time; the others have no lead time, which is not one of 0. */
  readonly warned: number;
  /** warned / incidents. */
  readonly share: number;
  /** Over the warned incidents, in the unit of the times; undefined when none was. */
  readonly median: number | undefined;
  readonly mean: number | undefined;
  readonly least: number | undefined;
}

/**
 * How long before an incident did the first alert come? An alert belongs to the next incident if that begins within
 * `horizon` (the prediction's horizon, 900 s for `incident_within_15m`): earlier ones warned of something else. An alert at
 * the very start has a lead of 0 and counts. Times in one unit and of one system; in any order.
 *
 * Undefined without an incident: nothing happened that one could have been warned of. A time that is not finite throws.
 */
export function leadTime(
  alerts: ArrayLike<number>,
  incidents: ArrayLike<number>,
  horizon: number,
): LeadTime | undefined {
  assertPositive('The horizon', horizon);
  const [warnings, starts] = [ascendingTimes('alert', alerts), ascendingTimes('incident', incidents)];
  if (starts.length === 0) return undefined;
  const leads: number[] = [];
  let next = 0;
  let before = -Infinity;
  for (const start of starts) {
    const from = start - horizon;
    // What came up to the incident before warned of that one.
    while (
      next < warnings.length &&
      ((warnings[next] as number) < from || (warnings[next] as number) <= before)
    ) {
      next += 1;
    }
    const first = warnings[next];
    if (first !== undefined && first <= start) leads.push(start - first);
    before = start;
  }
  leads.sort((one, other) => one - other);
  const warned = leads.length;
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
    least: leads[0],
  };
}

function ascendingTimes(of: string, times: ArrayLike<number>): Float64Array {
  for (let index = 0; index < times.length; index += 1) {
    const time = times[index];
    if (!Number.isFinite(time))
      throw new InvalidSampleError(`Time ${time} of an ${of} is not finite; leave it out`);
  }
  const sorted = sortedValues(times);
  // Two incidents that begin at once are one.
  return of === 'incident'
    ? sorted.filter((time, index) => index === 0 || time > (sorted[index - 1] as number))
    : sorted;
}
