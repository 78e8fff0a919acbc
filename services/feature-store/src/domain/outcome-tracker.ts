import { type LabelDeclaration } from './label.js';
import { type Acceptance, type EntityWindows } from './windows/entity-windows.js';
import { minuteMs } from './windows/window-layout.js';

/** What happened after an instant. */
export interface Outcome {
  /** The instant that the label describes. */
  readonly eventTime: number;
  readonly value: 0 | 1;
  /** Event time at which it was decided. */
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

interface Breach {
  readonly eventTime: number;
  readonly readingId: string;
}

export interface OutcomeTrackerState {
  /** Two numbers per instant: its event time, and 1 when something was measured within its horizon, else 0. */
  readonly waiting: Float64Array;
  readonly breaches: readonly (readonly [eventTime: number, readingId: string])[];
}

/**
 * The label of one entity. An instant waits until its horizon has passed in event time, or until a breach within it
 * decides it at once. When nothing was measured within the horizon there is no outcome: silence is not health.
 */
export class OutcomeTracker {
  private readonly horizonMs: number;
  private readonly rememberMs: number;
  /** As in `OutcomeTrackerState`; the first `2 * count` numbers are in use. */
  private waiting: Float64Array;
  private count: number;
  private breaches: Breach[];

  constructor(
    private readonly label: LabelDeclaration,
    private readonly column: number,
    latenessMinutes: number,
    state: OutcomeTrackerState = { waiting: new Float64Array(0), breaches: [] },
  ) {
    this.horizonMs = label.withinMinutes * minuteMs;
    this.rememberMs = this.horizonMs + latenessMinutes * minuteMs;
    this.waiting = state.waiting.slice();
    this.count = state.waiting.length / 2;
    this.breaches = state.breaches.map(([eventTime, readingId]) => ({ eventTime, readingId }));
  }

  /** Call after `windows` has accepted the reading. A repeat decides nothing new, unless it reports an incident. */
  observe(reading: ObservedReading, acceptance: Acceptance, windows: EntityWindows): readonly Outcome[] {
    const decided: Outcome[] = [];
    this.breaches = this.breaches.filter(
      ({ eventTime }) =>
        eventTime > windows.newest - this.rememberMs &&
        !(acceptance !== 'superseded' && eventTime === reading.eventTime),
    );
    const breach = this.isBreach(reading);
    if (breach) this.breaches.push({ eventTime: reading.eventTime, readingId: reading.readingId });
    if (breach || !Number.isNaN(reading.value)) this.decideEarlier(reading, breach, decided);
    if (acceptance === 'appended' || acceptance === 'inserted') this.startWaiting(reading, windows, decided);
    this.mature(reading.readingId, windows.newest, decided);
    return decided;
  }

  state(): OutcomeTrackerState {
    return {
      waiting: this.waiting.slice(0, 2 * this.count),
      breaches: this.breaches.map(({ eventTime, readingId }) => [eventTime, readingId]),
    };
  }

  private isBreach({ value, incident }: ObservedReading): boolean {
    return value >= this.label.atLeast || (incident && this.label.incidentEvents);
  }

  /** Marks the instants t with t < reading <= t + horizon as observed; a breach decides them. */
  private decideEarlier(reading: ObservedReading, breach: boolean, decided: Outcome[]): void {
    const { waiting } = this;
    let kept = 0;
    for (let index = 0; index < this.count; index += 1) {
      const instant = waiting[2 * index] as number;
      const within = instant < reading.eventTime && reading.eventTime <= instant + this.horizonMs;
      if (within && breach) {
        decided.push({
          eventTime: instant,
          value: 1,
          maturedAt: reading.eventTime,
          decidedBy: reading.readingId,
        });
        continue;
      }
      waiting[2 * kept] = instant;
      waiting[2 * kept + 1] = within ? 1 : (waiting[2 * index + 1] as number);
      kept += 1;
    }
    this.count = kept;
  }

  /** The breach of a late instant may have been observed already. */
  private startWaiting(reading: ObservedReading, windows: EntityWindows, decided: Outcome[]): void {
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
    if (2 * this.count === this.waiting.length) {
      const larger = new Float64Array(Math.max(32, 2 * this.waiting.length));
      larger.set(this.waiting);
      this.waiting = larger;
    }
    this.waiting[2 * this.count] = reading.eventTime;
    this.waiting[2 * this.count + 1] = observed ? 1 : 0;
    this.count += 1;
  }

  private mature(readingId: string, watermark: number, decided: Outcome[]): void {
    const { waiting } = this;
    let kept = 0;
    for (let index = 0; index < this.count; index += 1) {
      const instant = waiting[2 * index] as number;
      const observed = waiting[2 * index + 1] as number;
      if (instant + this.horizonMs > watermark) {
        waiting[2 * kept] = instant;
        waiting[2 * kept + 1] = observed;
        kept += 1;
      } else if (observed === 1) {
        decided.push({ eventTime: instant, value: 0, maturedAt: watermark, decidedBy: readingId });
      }
    }
    this.count = kept;
  }
}
