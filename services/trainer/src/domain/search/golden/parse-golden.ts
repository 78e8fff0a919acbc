import { type HyperbandOptions, type PrunerOptions } from '../study/pruner-options.js';
import { type SearchSpace } from '../space/search-space.js';
import { type Direction, type Trial } from '../study/trial.js';

type Point = readonly number[];
type Encoded = number | 'NaN' | 'Infinity' | '-Infinity';

interface Golden {
  readonly normal: { cdf: [number, number][]; logMass: [number, number, number][] };
  readonly sobol: Point[];
  readonly weights: Record<string, number[]>;
  readonly gamma: number[];
  readonly parzen: {
    name: string;
    space: SearchSpace;
    observed: Record<string, number[]>;
    points: Record<string, number[]>;
    weights: number[];
    logDensity: number[];
  }[];
  readonly splits: {
    directions: Direction[];
    trials: Trial[];
    good: number;
    below: number[];
    above: number[];
  }[];
  readonly hypervolumes: {
    points: Point[];
    reference: Point;
    volume: number;
    ranks: number[];
    front: Point[];
    chosen: Record<string, number[]>;
  }[];
  readonly pruners: {
    pruner: PrunerOptions;
    direction: Direction;
    histories: [number, Encoded][][];
    log: [trial: number, step: number, pruned: boolean][];
  }[];
  readonly brackets: { options: HyperbandOptions; shares: number[]; brackets: number[] }[];
  readonly importances: {
    directions: Direction[];
    space: SearchSpace;
    trials: Trial[];
    raw: Record<string, number>;
    importances: Record<string, number>;
  }[];
}

/** What Optuna 5.0.0 does in single steps; `make-golden.py` says with which command, seed and versions. */
export function parseGolden(text: string): Golden {
  return JSON.parse(text, (key, value: unknown) =>
    key === 'value' || key === 'values' ? decode(value) : value,
  ) as Golden;
}

/** JSON has no NaN and no infinity. */
export function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode);
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : value;
}
