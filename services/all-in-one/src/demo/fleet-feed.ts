import { fleetReadings, type FleetDrift, type FleetReading } from '@headrace/ingestion';

export interface FleetFeedOptions {
  readonly url: string;
  readonly seed: number;
  readonly systems: number;
  readonly from: Date;
  /** The time of the last reading: the present. */
  readonly until: Date;
  readonly stepMs: number;
  readonly incidentsPerDay: number;
}

const maxReadingsPerRequest = 500;

/** Sends the readings of a generated fleet to ingestion over HTTP, in order of time, and backs off on 429. */
export class FleetFeed {
  sent = 0;
  private readings: Iterator<FleetReading>;
  private newest: Date;

  constructor(private readonly options: FleetFeedOptions) {
    this.newest = options.from;
    this.readings = this.generate(options.from, []);
  }

  /** Changes the distribution from the next reading on. */
  drift(...changes: readonly Omit<FleetDrift, 'after'>[]): void {
    const after = new Date(this.newest.getTime() + this.options.stepMs);
    this.readings = this.generate(
      after,
      changes.map((change) => ({ after, ...change })),
    );
  }

  /** Sends all readings up to a time. */
  async sendUntil(moment: Date): Promise<void> {
    while (this.newest < moment && (await this.sendNext(maxReadingsPerRequest)));
  }

  /** Sends the next readings. Resolves to false when there are none left. */
  async sendNext(count: number): Promise<boolean> {
    const lines: string[] = [];
    while (lines.length < count) {
      const next = this.readings.next();
      if (next.done === true) break;
      const { reading } = next.value;
      this.newest = new Date(reading.timestamp);
      lines.push(JSON.stringify(reading));
    }
    if (lines.length === 0) return false;
    await this.post(lines.join('\n'));
    this.sent += lines.length;
    return true;
  }

  private async post(body: string): Promise<void> {
    for (;;) {
      const answer = await fetch(`${this.options.url}/v1/readings`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson' },
        body,
      });
      if (answer.ok) return;
      if (answer.status !== 429 && answer.status !== 503) {
        throw new Error(`Ingestion answered ${answer.status}: ${await answer.text()}`);
      }
      await answer.arrayBuffer();
      const seconds = Number(answer.headers.get('retry-after') ?? 1);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  }

  private generate(from: Date, drifts: readonly FleetDrift[]): Iterator<FleetReading> {
    const { seed, systems, until, stepMs, incidentsPerDay } = this.options;
    const steps = Math.floor((until.getTime() - from.getTime()) / stepMs);
    return fleetReadings(drifts.length === 0 ? seed : seed + 1, {
      systems,
      from,
      steps,
      stepMs,
      incidentsPerDay,
      rampMinutes: 40,
      incidentMinutes: 15,
      drifts,
    });
  }
}
