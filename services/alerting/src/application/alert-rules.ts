import { evaluateRules, type AlertRule, type FireSignal, type ResolveSignal } from '../domain/alert-rule.js';

/** The declared rules of this process. */
export class AlertRules {
  constructor(private readonly rules: readonly AlertRule[]) {}

  evaluate(event: {
    readonly type: string;
    readonly payload: unknown;
  }): readonly (FireSignal | ResolveSignal)[] {
    return evaluateRules(this.rules, event);
  }
}
