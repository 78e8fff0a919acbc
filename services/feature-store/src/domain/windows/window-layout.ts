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

/** Which columns are watched over which windows, and how late a reading may come and still get all its windows. */
export interface WindowLayout {
  readonly columns: readonly string[];
  /** Lengths in minutes, ascending. */
  readonly windowMinutes: readonly number[];
  readonly latenessMinutes: number;
  /** What is computed of each column over each window; mean, std and max when left out. */
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

/** Which share of the samples lies below a quantile statistic: 0.95 of `p95`; undefined of any other. */
export function quantileOf(statistic: WindowStatistic): number | undefined {
  return statistic.startsWith('p') ? Number(statistic.slice(1)) / 100 : undefined;
}

/** One feature of a layout: what it is called and what it is of. */
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
