import { AppError, type Declared } from '@headrace/kernel';
import { appliesTo, type RolloutPolicy } from '../domain/policy/rollout-policy.js';

export class NoPolicyError extends AppError {
  readonly code = 'CANARY_NO_POLICY';
  readonly kind = 'conflict';

  constructor(readonly modelName: string) {
    super(`No rollout policy applies to model ${modelName}; add one to config/rollout-policies`);
  }
}

/** The policies in force, as they were declared. */
export class RolloutPolicies {
  constructor(private readonly declared: readonly Declared<RolloutPolicy>[]) {}

  /** The first policy that applies to a model. */
  forModel(modelName: string): Declared<RolloutPolicy> {
    const policy = this.declared.find(({ value }) => appliesTo(value, modelName));
    if (policy === undefined) throw new NoPolicyError(modelName);
    return policy;
  }
}
