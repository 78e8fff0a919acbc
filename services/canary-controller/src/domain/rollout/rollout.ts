import { type Evidence } from '@headrace/contracts';
import { AppError } from '@headrace/kernel';
import { type RolloutPolicy } from '../policy/rollout-policy.js';
import { type StepStatistics } from '../evidence/step-statistics.js';

/** A model version with what inference needs to load it. */
export interface Version {
  readonly modelVersion: number;
  readonly digest: string;
  readonly artifactKey: string;
  readonly featureNames: readonly string[];
  readonly validated: boolean;
}

export type RolloutState = 'preparing' | 'analysing' | 'paused' | 'promoted' | 'rolled-back' | 'superseded';

/** One decision about a rollout with its reason and evidence. Never deleted. */
export interface DecisionRecord {
  readonly at: string;
  readonly action: 'start' | 'advance' | 'hold' | 'pause' | 'resume' | 'promote' | 'roll-back' | 'supersede';
  readonly percent: number;
  readonly verdict: 'healthy' | 'degraded' | 'inconclusive' | 'no-data' | undefined;
  readonly reason: string;
  readonly actor: string | undefined;
  readonly evidence: readonly Evidence[];
}

/** The rollout of one version. Plain data: it is stored after every change, and a restart continues from there. */
export interface Rollout {
  readonly rolloutId: string;
  /** A rollback returns to a version that has served before and skips the analysis. */
  readonly kind: 'canary' | 'rollback';
  readonly modelName: string;
  readonly candidate: Version;
  readonly baseline: Version | undefined;
  readonly policy: RolloutPolicy;
  readonly policyVersion: string;
  readonly state: RolloutState;
  /** Index into the policy's steps; -1 before the first one. */
  readonly step: number;
  readonly startedAt: string;
  readonly stepStartedAt: string;
  /** When the current state ends by itself. */
  readonly deadline: string;
  readonly holdsStated: number;
  readonly endedAt: string | undefined;
  readonly reason: string;
  readonly statistics: StepStatistics;
  readonly decisions: readonly DecisionRecord[];
  readonly causationIds: readonly string[];
}

export function percentOf(rollout: Rollout): number {
  return rollout.step < 0 ? 0 : (rollout.policy.steps[rollout.step] ?? 100);
}

export function isOver(rollout: Rollout): boolean {
  return rollout.state === 'promoted' || rollout.state === 'rolled-back' || rollout.state === 'superseded';
}

export class RolloutOverError extends AppError {
  readonly code = 'CANARY_ROLLOUT_OVER';
  readonly kind = 'conflict';

  constructor(
    readonly rolloutId: string,
    readonly state: RolloutState,
  ) {
    super(`Rollout ${rolloutId} has ended as ${state}; start a new one`);
  }
}

export class RolloutStateError extends AppError {
  readonly code = 'CANARY_ROLLOUT_STATE';
  readonly kind = 'conflict';

  constructor(
    readonly rolloutId: string,
    readonly state: RolloutState,
    action: string,
  ) {
    super(`Rollout ${rolloutId} is ${state} and cannot ${action}`);
  }
}
