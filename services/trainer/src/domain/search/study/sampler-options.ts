import { type ParameterValue } from '../space/search-space.js';

/** Tree-structured Parzen estimator; see `suggestByTpe`. */
export interface TpeOptions {
  readonly kind: 'tpe';
  /** Trials that must have ended before the estimator is believed. Default 10. */
  readonly startupTrials?: number;
  /** How these first ones are chosen. Default quasi-random. */
  readonly startup?: 'quasi-random' | 'random';
  /** How many points are drawn and compared. Default 24. */
  readonly candidates?: number;
  /** Parameters that always appear together are modelled together. Default: with one objective. */
  readonly multivariate?: boolean;
  /** Running trials count as bad ones, so that workers stay apart. Default true. */
  readonly constantLiar?: boolean;
}

export interface RandomOptions {
  readonly kind: 'random';
}

/** A scrambled Sobol sequence; without scrambling its first point is the lowest corner. */
export interface QuasiRandomOptions {
  readonly kind: 'quasi-random';
  /** Default true. */
  readonly scramble?: boolean;
}

/** Every combination once, in an order drawn from the seed. */
export interface GridOptions {
  readonly kind: 'grid';
  /** The values to try of a parameter. Default: all it has; one without steps must be listed. */
  readonly values?: Readonly<Record<string, readonly ParameterValue[]>>;
}

export type SamplerOptions = TpeOptions | RandomOptions | QuasiRandomOptions | GridOptions;
