/** One reading as the test posted it. */
export interface PostedReading {
  readonly system_id: string;
  readonly timestamp: string;
  readonly cpu_usage: number;
  readonly memory_usage: number;
  readonly disk_io: number;
}

const columns = ['cpu_usage', 'memory_usage', 'disk_io'] as const;
const windows = [5, 15, 60] as const;

/**
 * Computes the window features of one reading from their definition: mean, sample standard deviation (null for a single
 * sample) and maximum over all readings of the same system in (t - w, t]. Slow on purpose; shares no code with the product.
 */
export function computeWindowFeatures(
  readings: readonly PostedReading[],
  at: PostedReading,
): Record<string, number | null> {
  const t = Date.parse(at.timestamp);
  const features: Record<string, number | null> = {};
  for (const minutes of windows) {
    const inside = readings.filter((other) => {
      const time = Date.parse(other.timestamp);
      return other.system_id === at.system_id && time > t - minutes * 60_000 && time <= t;
    });
    for (const column of columns) {
      const values = inside.map((reading) => reading[column]);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      features[`${column}_mean_${minutes}m`] = mean;
      features[`${column}_std_${minutes}m`] =
        values.length < 2 ? null : Math.sqrt(squares / (values.length - 1));
      features[`${column}_max_${minutes}m`] = Math.max(...values);
    }
  }
  return features;
}
