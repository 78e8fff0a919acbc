/** Of one column over one window. `p50` to `p99` are quantiles of a sketch, see `quantile-keys.ts`. */
export type WindowStatistic =
  'count' | 'sum' | 'mean' | 'std' | 'min' | 'max' | 'first' | 'last' | 'slope' | 'ewma' | `p${number}`;

/** The statistics that are not quantiles. */
export const plainStatistics = [
  'count',
  'sum',
  'mean',
  'std',
  'min',
  'max',
  'first',
  'last',
  'slope',
  'ewma',
] as const;

const defaultStatistics: readonly WindowStatistic[] = ['mean', 'std', 'max'];

/** Columns, windows, and how late a reading may arrive and still have all its windows. */
export interface WindowLayout {
  readonly columns: readonly string[];
  /** Lengths in minutes, ascending. */
  readonly windowMinutes: readonly number[];
  readonly latenessMinutes: number;
  /** Computed for each column and window; mean, std and max by default. */
  readonly statistics?: readonly WindowStatistic[];
}

export const minuteMs = 60_000;

/** The weight of a reading in `ewma` halves this many times over the length of its window. */
export const halvingsPerWindow = 4;

export function statisticsOf({ statistics }: WindowLayout): readonly WindowStatistic[] {
  return statistics ?? defaultStatistics;
}

export function isWindowStatistic(name: string): name is WindowStatistic {
  return (plainStatistics as readonly string[]).includes(name) || /^p(0[1-9]|[1-9][0-9])$/.test(name);
}

/** Share of the samples below a quantile statistic: 0.95 for `p95`; undefined for any other. */
export function parseQuantile(statistic: WindowStatistic): number | undefined {
  return statistic.startsWith('p') ? Number(statistic.slice(1)) / 100 : undefined;
}

/** One feature of a layout. */
export interface WindowFeature {
  readonly name: string;
  readonly column: string;
  readonly minutes: number;
  readonly statistic: WindowStatistic;
}

/** In the order in which `EntityWindows.features` writes: by window, then column, then statistic. */
export function windowFeatures(layout: WindowLayout): readonly WindowFeature[] {
  return layout.windowMinutes.flatMap((minutes) =>
    layout.columns.flatMap((column) =>
      statisticsOf(layout).map((statistic) => ({
        name: `${column}_${statistic}_${minutes}m`,
        column,
        minutes,
        statistic,
      })),
    ),
  );
}

export function windowFeatureNames(layout: WindowLayout): readonly string[] {
  return windowFeatures(layout).map(({ name }) => name);
}
