import { AppError, type Declared } from '@headrace/kernel';
import { type DriftPolicy } from '../domain/drift-policy.js';

/** No policy covers a model; it must be declared before the model is watched. */
export class DriftPolicyNotFoundError extends AppError {
  readonly code = 'DRIFT_POLICY_MISSING';
  readonly kind = 'conflict';

  constructor(readonly modelName: string) {
    super(
      `No drift policy covers model ${modelName}; add one that names it, or '*', to config/drift-policies`,
    );
  }
}

/** The declared policies of this process. */
export class DriftPolicies {
  constructor(private readonly declared: readonly Declared<DriftPolicy>[]) {}

  /** The first policy that names the model, or else the first that names all models. */
  findFor(modelName: string): Declared<DriftPolicy> {
    const policy =
      this.declared.find(({ value }) => value.models.includes(modelName)) ??
      this.declared.find(({ value }) => value.models.includes('*'));
    if (!policy) throw new DriftPolicyNotFoundError(modelName);
    return policy;
  }

  /** Labels that some policy joins predictions with. */
  get labels(): ReadonlySet<string> {
    return new Set(this.declared.map(({ value }) => value.performance.label));
  }

  /** How long predictions and outcomes are kept for the policy that needs them longest. */
  get maxKeepHours(): number {
    return Math.max(...this.declared.map(({ value }) => value.performance.keepHours));
  }
}
