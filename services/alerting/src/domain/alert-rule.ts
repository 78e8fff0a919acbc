import { readField, meets, type Condition } from './condition.js';

export type Severity = 'info' | 'warning' | 'critical';

/** Which events begin an alert, which end it, and what its notification says. */
export interface AlertRule {
  readonly name: string;
  /** CloudEvents type. */
  readonly on: string;
  readonly where: readonly Condition[];
  /** Fields of the payload that distinguish the alerts of this rule. They become labels. */
  readonly key: readonly string[];
  readonly severity: Severity;
  /** A template with fields of the payload in braces: `{modelName} v{modelVersion}`. */
  readonly summary: string;
  readonly recommendations: readonly string[];
  readonly runbook: string | undefined;
  /** Events that end the alert; their fields of `key` must be equal to the alert's. */
  readonly resolve: readonly {
    readonly on: string;
    readonly where: readonly Condition[];
    readonly key: readonly string[];
  }[];
}

export interface FireSignal {
  readonly kind: 'fire';
  readonly rule: AlertRule;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
}

export interface ResolveSignal {
  readonly kind: 'resolve';
  readonly rule: AlertRule;
  /** Open alerts of the rule that carry these labels end. */
  readonly labels: Readonly<Record<string, string>>;
  readonly reason: string;
}

/**
 * Decides which alerts an event begins and ends. Pure, so that a rule can be tested on the stored log before it is enabled.
 * An event that lacks a field of the key does not belong to any alert of that rule.
 */
export function evaluateRules(
  rules: readonly AlertRule[],
  event: { readonly type: string; readonly payload: unknown },
): readonly (FireSignal | ResolveSignal)[] {
  const signals: (FireSignal | ResolveSignal)[] = [];
  for (const rule of rules) {
    for (const end of rule.resolve) {
      if (end.on !== event.type || !end.where.every((condition) => meets(event.payload, condition))) continue;
      const labels = readLabels(end.key, event.payload);
      if (labels !== undefined) {
        signals.push({ kind: 'resolve', rule, labels, reason: toShortName(event.type) });
      }
    }
    if (rule.on !== event.type || !rule.where.every((condition) => meets(event.payload, condition))) continue;
    const labels = readLabels(rule.key, event.payload);
    if (labels !== undefined) {
      signals.push({ kind: 'fire', rule, labels, summary: fillTemplate(rule.summary, event.payload) });
    }
  }
  return signals;
}

function readLabels(key: readonly string[], payload: unknown): Record<string, string> | undefined {
  const labels: Record<string, string> = {};
  for (const path of key) {
    const value = readField(payload, path.split('.'));
    if (value === undefined || value === null) return undefined;
    labels[path.split('.').at(-1) ?? path] = formatValue(value);
  }
  return labels;
}

function fillTemplate(template: string, payload: unknown): string {
  return template.replace(/\{([\w.-]+)\}/g, (_, path: string) => {
    const value = readField(payload, path.split('.'));
    return value === undefined || value === null ? 'no data' : formatValue(value);
  });
}

function formatValue(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toPrecision(4);
  if (Array.isArray(value) && value.length === 0) return 'none';
  if (Array.isArray(value)) {
    return (
      value.slice(0, 5).map(formatValue).join(', ') + (value.length > 5 ? `, ${value.length - 5} more` : '')
    );
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function toShortName(type: string): string {
  return (type.split('.').at(-1) ?? type).replaceAll('-', ' ');
}
