import { type LabelDeclaration } from './label.js';
import { type Acceptance, type EntityWindows } from './windows/entity-windows.js';
import { minuteMs } from './windows/window-layout.js';

/** What really happened after an instant. */
export interface Outcome {
  /** The instant that the label describes. */
  readonly eventTime: number;
  readonly value: 0 | 1;
  /** Event time at which it could be known. */
  readonly maturedAt: number;
  /** The reading that decided. */
  readonly decidedBy: string;
}

export interface ObservedReading {
  readonly readingId: string;
  readonly eventTime: number;
  /** The label's column; NaN when the reading has no value there. */
  readonly value: number;
  readonly incident: boolean;
}

interface Waiting {
  readonly eventTime: number;
  /** Whether anything was measured within the label's horizon so far. */
  observed: boolean;
}

interface Breach {
  readonly eventTime: number;
  readonly readingId: string;
}

export interface OutcomeTrackerState {
  readonly waiting: readonly (readonly [eventTime: number, observed: 0 | 1])[];
  readonly breaches: readonly (readonly [eventTime: number, readingId: string])[];
}

/**
 * The label of one entity. An instant waits until its horizon has passed in event time, or until a breach within it
 * decides it at once. When nothing at all was measured within the horizon there is no outcome: silence is not health.
 */
export class OutcomeTracker {
  private readonly horizonMs: number;
  private readonly rememberMs: number;
  private waiting: Waiting[];
  private breaches: Breach[];

  constructor(
    private readonly label: LabelDeclaration,
    private readonly column: number,
    latenessMinutes: number,
    state: OutcomeTrackerState = { waiting: [], breaches: [] },
  ) {
    this.horizonMs = label.withinMinutes * minuteMs;
    this.rememberMs = this.horizonMs + latenessMinutes * minuteMs;
    this.waiting = state.waiting.map(([eventTime, observed]) => ({ eventTime, observed: observed === 1 }));
    this.breaches = state.breaches.map(([eventTime, readingId]) => ({ eventTime, readingId }));
  }

  /** Call after `windows` took the reading in. A repeat decides nothing new, unless it reports an incident. */
  observe(reading: ObservedReading, acceptance: Acceptance, windows: EntityWindows): readonly Outcome[] {
    const decided: Outcome[] = [];
    this.breaches = this.breaches.filter(
      ({ eventTime }) =>
        eventTime > windows.newest - this.rememberMs &&
        !(acceptance !== 'superseded' && eventTime === reading.eventTime),
    );
    const breach = this.isBreach(reading);
    if (breach) this.breaches.push({ eventTime: reading.eventTime, readingId: reading.readingId });
    if (breach || !Number.isNaN(reading.value)) this.lookBack(reading, breach, decided);
    if (acceptance === 'appended' || acceptance === 'inserted') this.begin(reading, windows, decided);
    this.mature(reading.readingId, windows.newest, decided);
    return decided;
  }

  get waitingCount(): number {
    return this.waiting.length;
  }

  state(): OutcomeTrackerState {
    return {
      waiting: this.waiting.map(({ eventTime, observed }) => [eventTime, observed ? 1 : 0]),
      breaches: this.breaches.map(({ eventTime, readingId }) => [eventTime, readingId]),
    };
  }

  private isBreach({ value, incident }: ObservedReading): boolean {
    return value >= this.label.atLeast || (incident && this.label.incidentEvents);
  }

  /** Instants t with t < reading <= t + horizon have seen something; a breach decides them. */
  private lookBack(reading: ObservedReading, breach: boolean, decided: Outcome[]): void {
    const still: Waiting[] = [];
    for (const instant of this.waiting) {
      const within =
        instant.eventTime < reading.eventTime && reading.eventTime <= instant.eventTime + this.horizonMs;
      if (within && breach) {
        decided.push({
          eventTime: instant.eventTime,
          value: 1,
          maturedAt: reading.eventTime,
          decidedBy: reading.readingId,
        });
        continue;
      }
      if (within) instant.observed = true;
      still.push(instant);
    }
    this.waiting = still;
  }

  /** A late instant may have its breach behind it already. */
  private begin(reading: ObservedReading, windows: EntityWindows, decided: Outcome[]): void {
    const until = reading.eventTime + this.horizonMs;
    const breach = this.breaches
      .filter(({ eventTime }) => eventTime > reading.eventTime && eventTime <= until)
      .sort((a, b) => a.eventTime - b.eventTime)[0];
    if (breach !== undefined) {
      decided.push({
        eventTime: reading.eventTime,
        value: 1,
        maturedAt: breach.eventTime,
        decidedBy: breach.readingId,
      });
      return;
    }
    const observed = windows.hasValueWithin(this.column, reading.eventTime, until);
    this.waiting.push({ eventTime: reading.eventTime, observed });
  }

  private mature(readingId: string, watermark: number, decided: Outcome[]): void {
    const still: Waiting[] = [];
    for (const instant of this.waiting) {
      if (instant.eventTime + this.horizonMs > watermark) {
        still.push(instant);
      } else if (instant.observed) {
        decided.push({
          eventTime: instant.eventTime,
          value: 0,
          maturedAt: watermark,
          decidedBy: readingId,
        });
      }
    }
    this.waiting = still;
  }
}
