import { ExtraLanes } from './extra-lanes.js';
import { KeyCounts } from './key-counts.js';
import { minuteMs, parseQuantile, statisticsOf, type WindowLayout } from './window-layout.js';

/** Count, mean, sum of squared deviations, maximum: what every tile holds of a column. */
export const commonLanes = 4;

/**
 * What follows from a layout, computed once for all entities that share it, with scratch space for the duration of one
 * call.
 */
export class WindowPlan {
  private static readonly plans = new WeakMap<WindowLayout, WindowPlan>();

  readonly columns: number;
  readonly minutes: Int32Array;
  /** Tiles that are kept: the maxMinutes window and the current minute. */
  readonly ring: number;
  /** Numbers per column in a tile; the first number of a tile is its minute. */
  readonly lanes: number;
  readonly tileStride: number;
  readonly retentionMs: number;
  readonly statistics: number;
  readonly features: number;
  /** Undefined when the common lanes suffice. */
  readonly extra: ExtraLanes | undefined;
  /** Offsets of the statistics of a column from its first; -1 when not computed. */
  readonly places: Readonly<Record<'count' | 'mean' | 'std' | 'max', number>>;
  readonly extraPlaces: readonly {
    readonly lane: 'sum' | 'min' | 'first' | 'last';
    readonly place: number;
  }[];
  readonly slopePlace: number;
  readonly ewmaPlace: number;
  readonly quantiles: readonly { readonly share: number; readonly place: number }[];

  readonly scratchTile: Float64Array;
  readonly scratchCurrent: Float64Array;
  readonly scratchMiddle: Float64Array;
  readonly accumulated: Float64Array;
  readonly scratchKeys = new KeyCounts();

  private constructor(layout: WindowLayout) {
    const statistics = statisticsOf(layout);
    const maxMinutes = Math.max(...layout.windowMinutes);
    this.columns = layout.columns.length;
    this.minutes = Int32Array.from(layout.windowMinutes);
    this.ring = maxMinutes + 1;
    this.retentionMs = (maxMinutes + layout.latenessMinutes) * minuteMs;
    this.statistics = statistics.length;
    this.features = this.minutes.length * this.columns * this.statistics;
    const extra = new ExtraLanes(layout, statistics, commonLanes);
    this.extra = extra.perColumn > commonLanes ? extra : undefined;
    this.lanes = extra.perColumn;
    this.tileStride = 1 + this.columns * this.lanes;
    this.places = {
      count: statistics.indexOf('count'),
      mean: statistics.indexOf('mean'),
      std: statistics.indexOf('std'),
      max: statistics.indexOf('max'),
    };
    this.extraPlaces = (['sum', 'min', 'first', 'last'] as const).flatMap((lane) =>
      statistics.includes(lane) ? [{ lane, place: statistics.indexOf(lane) }] : [],
    );
    this.slopePlace = statistics.indexOf('slope');
    this.ewmaPlace = statistics.indexOf('ewma');
    this.quantiles = statistics.flatMap((statistic, place) => {
      const share = parseQuantile(statistic);
      return share === undefined ? [] : [{ share, place }];
    });
    this.scratchTile = new Float64Array(this.tileStride);
    this.scratchCurrent = new Float64Array(this.tileStride);
    this.scratchMiddle = new Float64Array(this.minutes.length * this.columns * this.lanes);
    this.accumulated = new Float64Array(this.lanes);
  }

  static of(layout: WindowLayout): WindowPlan {
    let plan = WindowPlan.plans.get(layout);
    if (plan === undefined) {
      plan = new WindowPlan(layout);
      WindowPlan.plans.set(layout, plan);
    }
    return plan;
  }
}
