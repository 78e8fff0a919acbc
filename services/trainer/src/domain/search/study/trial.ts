import { type ParameterValues } from '../space/search-space.js';

/** One value on the way to the result: a validation loss after `step` rounds. NaN is "diverged". */
export interface Report {
  readonly step: number;
  readonly value: number;
}

interface TrialBase {
  /** Its place in the study, from 0; also what its suggestion was drawn from. */
  readonly number: number;
  readonly parameters: ParameterValues;
  /** By step, each step once. */
  readonly reports: readonly Report[];
}

export interface RunningTrial extends TrialBase {
  readonly state: 'running';
}

/** One value an objective, in the study's order. Infinite values are the worst or the best there are; NaN is a failure. */
export interface CompleteTrial extends TrialBase {
  readonly state: 'complete';
  readonly values: readonly number[];
}

/** Ended early because it was not promising; what it reported is still worth learning from. */
export interface PrunedTrial extends TrialBase {
  readonly state: 'pruned';
}

/** Says nothing about its parameters: samplers do not see it. */
export interface FailedTrial extends TrialBase {
  readonly state: 'failed';
  readonly reason: string;
}

export type EndedTrial = CompleteTrial | PrunedTrial | FailedTrial;
export type Trial = RunningTrial | EndedTrial;

export type Direction = 'minimize' | 'maximize';

/** The value turned so that less is better. */
export function lossOf(value: number, direction: Direction | undefined): number {
  return direction === 'maximize' ? -value : value;
}

export function lastReport(trial: Trial): Report | undefined {
  return trial.reports.at(-1);
}
