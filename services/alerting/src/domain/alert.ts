import { deterministicId } from '@headrace/kernel';
import { type Severity } from './alert-rule.js';

export interface Alert {
  readonly alertId: string;
  /** Equal for all alerts with the same labels; at most one of them is open. */
  readonly fingerprint: string;
  readonly name: string;
  readonly severity: Severity;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly recommendations: readonly string[];
  readonly startsAt: Date;
  readonly updatedAt: Date;
  /** Undefined while it is open. */
  readonly endsAt: Date | undefined;
  readonly acknowledgedBy: string | undefined;
  /** How often the cause was seen while the alert was open. */
  readonly occurrences: number;
}

/** The identity of an alert's labels, whatever their order. */
export function fingerprintOf(labels: Readonly<Record<string, string>>): string {
  return deterministicId(...Object.entries(labels).sort().flat()).slice(0, 16);
}

/** The id of the alert that an event began: the same when the event is delivered again. */
export function alertIdOf(fingerprint: string, causeId: string): string {
  return deterministicId('alert', fingerprint, causeId);
}
