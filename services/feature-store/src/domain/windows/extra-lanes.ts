import { halvingsPerWindow, type WindowLayout, type WindowStatistic } from './window-layout.js';

const none = -1;

/**
 * What a tile holds of a column besides count, mean, m2 and max, if the layout needs it. Places are fixed per layout; a
 * lane that no statistic needs takes no space.
 *
 * - `sum`, `min`, `first`, `last` as they are.
 * - `slope`, least squares over time: mean and squared deviations of the instants, and their co-moment with the values.
 * - `ewma` of each window: total weight and weighted mean, a weight being 2^((t - origin) / halfLife).
 *
 * Instants are minutes since the origin of what they are added to: the begin of a tile's minute, or of the current
 * minute for a window. Merging shifts them by whole minutes, so that nothing is lost to the size of an epoch.
 *
 * @see Pebay, Formulas for robust, one-pass parallel computation of covariances and statistical moments, 2008.
 */
export class ExtraLanes {
  /** Numbers per column, the four common ones included. */
  readonly perColumn: number;
  readonly sum: number;
  readonly min: number;
  readonly first: number;
  readonly last: number;
  readonly slope: number;
  readonly ewma: number;
  private readonly windows: number;
  /** Of each window: the exponent of a weight for a minute, and the decay of so many whole minutes. */
  private readonly ratePerMinute: Float64Array;
  private readonly decays: readonly Float64Array[];

  constructor(layout: WindowLayout, statistics: readonly WindowStatistic[], common: number) {
    let next = common;
    const take = (statistic: WindowStatistic, lanes = 1): number => {
      if (!statistics.includes(statistic)) return none;
      next += lanes;
      return next - lanes;
    };
    this.sum = take('sum');
    this.min = take('min');
    this.first = take('first');
    this.last = take('last');
    this.slope = take('slope', 3);
    this.ewma = take('ewma', 2 * layout.windowMinutes.length);
    this.perColumn = next;
    this.windows = layout.windowMinutes.length;
    this.ratePerMinute = Float64Array.from(
      layout.windowMinutes,
      (minutes) => (Math.LN2 * halvingsPerWindow) / minutes,
    );
    const maxMinutes = Math.max(...layout.windowMinutes);
    this.decays = [...this.ratePerMinute].map((rate) =>
      Float64Array.from({ length: maxMinutes + 1 }, (_, minutes) => Math.exp(-minutes * rate)),
    );
  }

  clear(to: Float64Array, at: number): void {
    if (this.sum !== none) to[at + this.sum] = 0;
    if (this.min !== none) to[at + this.min] = Number.POSITIVE_INFINITY;
    if (this.first !== none) to[at + this.first] = Number.NaN;
    if (this.last !== none) to[at + this.last] = Number.NaN;
    if (this.slope !== none) to.fill(0, at + this.slope, at + this.slope + 3);
    if (this.ewma !== none) to.fill(0, at + this.ewma, at + this.ewma + 2 * this.windows);
  }

  /**
   * Adds a later value; `count` and `mean` are those of the values with this one. Only the windows from `first` to
   * before `end` are weighed for: a tile serves all, a window itself.
   */
  add(
    to: Float64Array,
    at: number,
    count: number,
    mean: number,
    value: number,
    instant: number,
    first = 0,
    end = this.windows,
  ): void {
    if (this.sum !== none) to[at + this.sum] = (to[at + this.sum] as number) + value;
    if (this.min !== none && value < (to[at + this.min] as number)) to[at + this.min] = value;
    if (this.first !== none && count === 1) to[at + this.first] = value;
    if (this.last !== none) to[at + this.last] = value;
    if (this.slope !== none) {
      const lane = at + this.slope;
      const delta = instant - (to[lane] as number);
      const next = (to[lane] as number) + delta / count;
      to[lane] = next;
      to[lane + 1] = (to[lane + 1] as number) + delta * (instant - next);
      to[lane + 2] = (to[lane + 2] as number) + delta * (value - mean);
    }
    if (this.ewma !== none) {
      for (let window = first; window < end; window += 1) {
        const weight = Math.exp(instant * (this.ratePerMinute[window] as number));
        this.weigh(to, at + this.ewma + 2 * window, weight, value);
      }
    }
  }

  /**
   * Merges a tile that lies `back` minutes before the origin of `to`. `count` and `mean` are those of `to` before. Its
   * samples are all earlier than those of `to`, or all later. Windows as in `add`.
   */
  merge(
    to: Float64Array,
    at: number,
    count: number,
    mean: number,
    from: Float64Array,
    of: number,
    back: number,
    isEarlier: boolean,
    first = 0,
    end = this.windows,
  ): void {
    const samples = from[of] as number;
    if (this.sum !== none) {
      to[at + this.sum] = (to[at + this.sum] as number) + (from[of + this.sum] as number);
    }
    if (this.min !== none && (from[of + this.min] as number) < (to[at + this.min] as number)) {
      to[at + this.min] = from[of + this.min] as number;
    }
    if (this.first !== none && (isEarlier || count === 0)) {
      to[at + this.first] = from[of + this.first] as number;
    }
    if (this.last !== none && (!isEarlier || count === 0)) {
      to[at + this.last] = from[of + this.last] as number;
    }
    if (this.slope !== none) {
      const lane = at + this.slope;
      const theirs = of + this.slope;
      const share = samples / (count + samples);
      const delta = (from[theirs] as number) - back - (to[lane] as number);
      to[lane] = (to[lane] as number) + delta * share;
      to[lane + 1] = (to[lane + 1] as number) + (from[theirs + 1] as number) + delta * delta * count * share;
      to[lane + 2] =
        (to[lane + 2] as number) +
        (from[theirs + 2] as number) +
        delta * ((from[of + 1] as number) - mean) * count * share;
    }
    if (this.ewma !== none) {
      for (let window = first; window < end; window += 1) {
        const theirs = of + this.ewma + 2 * window;
        const decay = (this.decays[window] as Float64Array)[back] as number;
        const weight = (from[theirs] as number) * decay;
        this.weigh(to, at + this.ewma + 2 * window, weight, from[theirs + 1] as number);
      }
    }
  }

  /** A running weighted mean, exact for equal values. */
  private weigh(to: Float64Array, lane: number, weight: number, value: number): void {
    const total = (to[lane] as number) + weight;
    const mean = to[lane + 1] as number;
    to[lane] = total;
    // A weight that underflowed to 0 has no effect.
    if (total > 0) to[lane + 1] = mean + ((value - mean) * weight) / total;
  }
}
