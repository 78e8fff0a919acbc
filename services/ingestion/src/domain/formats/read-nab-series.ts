/** One series of the Numenta Anomaly Benchmark: a system with one column. */
export interface NabSeries {
  readonly systemId: string;
  readonly column: 'cpu_usage' | 'disk_io';
  readonly points: readonly { readonly time: number; readonly value: number }[];
}

/** The column that a file of the benchmark measures; undefined for a file about something else. */
export function findNabColumn(file: string): NabSeries['column'] | undefined {
  if (!file.endsWith('.csv')) return undefined;
  if (file.includes('cpu_utilization')) return 'cpu_usage';
  return file.includes('disk_write_bytes') ? 'disk_io' : undefined;
}

/** `timestamp,value`, times in UTC without a zone. Percentages above 100 are clipped. */
export function readNabSeries(file: string, column: NabSeries['column'], text: string): NabSeries {
  const points = text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [stamp = '', number = ''] = line.trim().split(',');
      const time = Date.parse(`${stamp.replace(' ', 'T')}Z`);
      const value = Number(number);
      if (number === '' || Number.isNaN(time) || !Number.isFinite(value)) return [];
      return [{ time, value: column === 'cpu_usage' ? Math.min(100, Math.max(0, value)) : value }];
    });
  return { systemId: file.replace(/\.csv$/, '').replaceAll('_', '-'), column, points };
}

export interface ReplayedReading {
  readonly system_id: string;
  readonly timestamp: string;
  readonly source: string;
  readonly [column: string]: string | number;
}

/** All series as history that ends at `end`: each is shifted as a whole, and their readings are sorted by time. */
export function replayHistory(series: readonly NabSeries[], end: Date): readonly ReplayedReading[] {
  return series
    .flatMap(({ systemId, column, points }) => {
      const shift = end.getTime() - (points.at(-1)?.time ?? 0);
      return points.map(({ time, value }) => ({ systemId, column, time: time + shift, value }));
    })
    .sort((a, b) => a.time - b.time)
    .map(({ systemId, column, time, value }) => toReading(systemId, column, new Date(time), value));
}

/** The reading of each system at a step of the live part, which repeats its series for ever. */
export function replayStep(
  series: readonly NabSeries[],
  step: number,
  now: Date,
): readonly ReplayedReading[] {
  return series.flatMap(({ systemId, column, points }) => {
    const point = points[step % Math.max(1, points.length)];
    return point === undefined ? [] : [toReading(systemId, column, now, point.value)];
  });
}

function toReading(systemId: string, column: string, time: Date, value: number): ReplayedReading {
  return { system_id: systemId, timestamp: time.toISOString(), source: 'nab', [column]: value };
}
