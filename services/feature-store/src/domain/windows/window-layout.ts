/** What is computed over every window. Sample standard deviation, as pandas' `std()`. */
export const windowStatistics = ['mean', 'std', 'max'] as const;

/** Which columns are watched over which windows, and how late a reading may come and still get all its windows. */
export interface WindowLayout {
  readonly columns: readonly string[];
  /** Lengths in minutes, ascending. */
  readonly windowMinutes: readonly number[];
  readonly latenessMinutes: number;
}

export const minuteMs = 60_000;

/** Names in the order in which `EntityWindows.features` writes: by window, then column, then statistic. */
export function windowFeatureNames(layout: WindowLayout): readonly string[] {
  return layout.windowMinutes.flatMap((minutes) =>
    layout.columns.flatMap((column) =>
      windowStatistics.map((statistic) => `${column}_${statistic}_${minutes}m`),
    ),
  );
}
