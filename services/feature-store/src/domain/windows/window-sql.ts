import { assertNever } from '@headrace/kernel';
import { keyOffset, logGamma, logHalfStep, minMagnitude } from './quantile-keys.js';
import { halvingsPerWindow, minuteMs, parseQuantile, type WindowFeature } from './window-layout.js';

/**
 * The feature as an aggregate of DuckDB over the rows (sample - longest window, sample] of one system, one row per
 * instant: `event_ms` is the instant of a row, `sample_ms` the instant of the feature. NULL where `EntityWindows` has
 * NaN.
 */
export function windowSql({ column, minutes, statistic }: WindowFeature): string {
  const value = quoteIdentifier(column);
  const length = minutes * minuteMs;
  const inside = `event_ms > sample_ms - ${length}`;
  const known = `FILTER (WHERE ${inside} AND ${value} IS NOT NULL)`;
  const quantile = parseQuantile(statistic);
  if (quantile !== undefined) {
    const rank = `CAST(floor(${quantile} * (count(*) ${known} - 1)) AS BIGINT) + 1`;
    return representativeSql(`list_sort(list(${keySql(value)}) ${known})[${rank}]`);
  }
  switch (statistic) {
    case 'count':
      return `(count(*) ${known})::DOUBLE`;
    case 'sum':
    case 'min':
    case 'max':
      return `${statistic}(${value}) ${known}`;
    case 'mean':
      return `avg(${value}) ${known}`;
    case 'std':
      return `stddev_samp(${value}) ${known}`;
    case 'first':
      return `arg_min(${value}, event_ms) ${known}`;
    case 'last':
      return `arg_max(${value}, event_ms) ${known}`;
    case 'slope':
      // Instants relative to the sample, so that the size of an epoch costs no digits.
      return `CASE WHEN count(*) ${known} >= 2 THEN regr_slope(${value}, (event_ms - sample_ms) / ${minuteMs}.0) ${known} END`;
    case 'ewma': {
      const weight = `pow(2.0, (event_ms - sample_ms) * ${halvingsPerWindow}.0 / ${length})`;
      return `sum(${value} * ${weight}) ${known} / sum(${weight}) ${known}`;
    }
    default:
      // Quantiles are handled above; the type does not know that.
      return assertNever(statistic as never);
  }
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function keySql(value: string): string {
  // DuckDB fails on ln(0), also in a branch that is not taken.
  const magnitude = `greatest(abs(${value}), ${minMagnitude})`;
  const key = `ceil(ln(${magnitude}) / ${logGamma}) + ${keyOffset}`;
  return `CASE WHEN abs(${value}) < ${minMagnitude} THEN 0 ELSE sign(${value}) * (${key}) END`;
}

function representativeSql(key: string): string {
  const magnitude = `exp((abs(${key}) - ${keyOffset}) * ${logGamma} - ${logHalfStep})`;
  return `CASE WHEN ${key} = 0 THEN 0.0 ELSE sign(${key}) * ${magnitude} END`;
}
