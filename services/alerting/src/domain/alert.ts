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
  /** Undefined while the alert is open. */
  readonly endsAt: Date | undefined;
  readonly acknowledgedBy: string | undefined;
  /** How many events caused the alert while it was open. */
  readonly occurrences: number;
}

/** Identifies a set of labels, independent of their order. */
export function fingerprintOf(labels: Readonly<Record<string, string>>): string {
  return deterministicId(...Object.entries(labels).sort().flat()).slice(0, 16);
}

/** The id of the alert that an event begins. A repeated delivery of the event yields the same id. */
export function alertIdOf(fingerprint: string, causeId: string): string {
  return deterministicId('alert', fingerprint, causeId);
}
