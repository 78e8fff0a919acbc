import { AliasChanged, TrafficShifted } from '@headrace/contracts';
import { describeError, type Closeable } from '@headrace/kernel';
import {
  decodeRecord,
  RecordUnreadableError,
  replay,
  topicSpecsOf,
  type Consumer,
  type EventBus,
  type IncomingRecord,
} from '@headrace/messaging';
import { type ServiceLogger } from '@headrace/service-host';
import { type DivideTraffic } from '../../application/divide-traffic.js';
import { type ModelTable } from '../../application/model-table.js';
import { wantedDivision, type ModelNews } from '../../domain/wanted-division.js';

const alias = 'champion';
const tryAgainMs = 5_000;

/**
 * Keeps this instance's models as the newest aliases and divisions want them. Every instance has to know every one of
 * them, so they are not read in the group that shares the stream among the instances but in a group of the instance's
 * own, after its compacted topics were read from their beginning. News that arrive while models load are gathered: what
 * is applied is always the newest state, never each step that led to it.
 */
export class ModelNewsFollower implements Closeable {
  private readonly news = new Map<string, ModelNews>();
  private readonly stale = new Set<string>();
  private applying: Promise<void> = Promise.resolve();
  private consumer: Consumer | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private failure: string | undefined;
  private caughtUp = false;

  constructor(
    private readonly bus: EventBus,
    private readonly group: string,
    private readonly table: ModelTable,
    private readonly divideTraffic: DivideTraffic,
    private readonly logger: ServiceLogger,
  ) {}

  /** Undefined when the instance follows the news. */
  get trouble(): string | undefined {
    return this.failure ?? (this.caughtUp ? undefined : 'the aliases and divisions are being read');
  }

  /** Reads what is known, follows what comes, and loads in the background; tries again until the log answers. */
  async start(): Promise<void> {
    try {
      await this.bus.provision(topicSpecsOf([AliasChanged, TrafficShifted]));
      for await (const event of replay(this.bus, AliasChanged)) this.hearAlias(event.id, event.payload);
      for await (const event of replay(this.bus, TrafficShifted)) this.hearShift(event.id, event.payload);
      this.caughtUp = true;
      this.apply();
      this.consumer = await this.bus.consume(
        {
          group: this.group,
          topics: [AliasChanged.topic, TrafficShifted.topic],
          from: 'earliest',
          onFatal: (error) => {
            this.failure = `the news cannot be followed: ${describeError(error)}`;
          },
        },
        (batch) => {
          for (const record of batch.records) this.hear(record);
          this.apply();
          return Promise.resolve();
        },
      );
      this.failure = undefined;
      if (this.closed) await this.consumer.close();
    } catch (error) {
      this.failure = `the news cannot be read: ${describeError(error)}`;
      this.logger.error({ error }, 'Aliases and divisions cannot be read; trying again');
      if (!this.closed) this.timer = setTimeout(() => void this.start(), tryAgainMs);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.consumer?.close();
    await this.applying;
    for (const modelName of this.news.keys()) {
      for (const model of this.table.versionsOf(modelName)) await model.close();
    }
  }

  private hear(record: IncomingRecord): void {
    try {
      if (record.topic === AliasChanged.topic) {
        for (const fact of decodeRecord(AliasChanged, record)) {
          if (fact.outcome === 'event') {
            this.hearAlias(fact.event.id, AliasChanged.payload.parse(fact.event.payload));
          }
        }
      } else {
        for (const fact of decodeRecord(TrafficShifted, record)) {
          if (fact.outcome === 'event') {
            this.hearShift(fact.event.id, TrafficShifted.payload.parse(fact.event.payload));
          }
        }
      }
    } catch (error) {
      if (!(error instanceof RecordUnreadableError)) throw error;
      // One record that nobody can read must not keep the next division from being served.
      this.logger.error({ error }, 'A record about aliases or divisions is passed over');
    }
  }

  private hearAlias(id: string, payload: NonNullable<ModelNews['champion']>['payload']): void {
    const known = this.news.get(payload.modelName);
    if (payload.alias !== alias || known?.champion?.id === id) return;
    if (known?.champion && Date.parse(known.champion.payload.changedAt) > Date.parse(payload.changedAt)) {
      return;
    }
    this.news.set(payload.modelName, { ...known, champion: { id, payload } });
    this.stale.add(payload.modelName);
  }

  private hearShift(id: string, payload: NonNullable<ModelNews['shift']>['payload']): void {
    const known = this.news.get(payload.modelName);
    if (known?.shift?.id === id) return;
    if (known?.shift && Date.parse(known.shift.payload.shiftedAt) > Date.parse(payload.shiftedAt)) return;
    this.news.set(payload.modelName, { ...known, shift: { id, payload } });
    this.stale.add(payload.modelName);
  }

  private apply(): void {
    this.applying = this.applying.then(async () => {
      for (const modelName of [...this.stale]) {
        if (this.closed) return;
        this.stale.delete(modelName);
        await this.applyTo(modelName);
      }
    });
  }

  private async applyTo(modelName: string): Promise<void> {
    const wanted = wantedDivision(this.news.get(modelName) ?? {});
    try {
      if (wanted === undefined) this.table.withdraw(modelName);
      else if ((await this.divideTraffic.execute(wanted)) === 'try-again') this.tryLater(modelName);
    } catch (error) {
      this.logger.error({ modelName, error }, 'A division of traffic cannot be applied; trying again');
      this.tryLater(modelName);
    }
  }

  private tryLater(modelName: string): void {
    if (this.closed) return;
    this.stale.add(modelName);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.apply(), tryAgainMs);
  }
}
