import { AppError } from '@headrace/kernel';
import { policyFor, type VersionedPolicy } from '../domain/drift-policy.js';

/** No policy speaks about a model; it must be declared before the model is watched. */
export class DriftPolicyNotFoundError extends AppError {
  readonly code = 'DRIFT_POLICY_MISSING';
  readonly kind = 'conflict';

  constructor(readonly modelName: string) {
    super(`No drift policy names model ${modelName} or all models; add one to config/drift-policies`);
  }
}

/** The declared policies of this process. */
export class DriftPolicies {
  constructor(private readonly declared: readonly VersionedPolicy[]) {}

  findFor(modelName: string): VersionedPolicy {
    const found = policyFor(modelName, this.declared);
    if (!found) throw new DriftPolicyNotFoundError(modelName);
    return found;
  }

  /** Labels that some policy joins predictions with. */
  get labels(): ReadonlySet<string> {
    return new Set(this.declared.map(({ policy }) => policy.performance.label));
  }

  /** The longest that predictions and outcomes are kept. */
  get maxKeepHours(): number {
    return Math.max(...this.declared.map(({ policy }) => policy.performance.keepHours));
  }
}
