import { AliasChanged, TrafficShifted } from '@headrace/contracts';
import { describeError } from '@headrace/kernel';
import {
  decodeRecord,
  EventBus,
  RecordUnreadableError,
  replay,
  topicSpecsOf,
  type Consumer,
  type IncomingRecord,
} from '@headrace/messaging';
import { ServiceLogger } from '@headrace/service-host';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { ApplyTrafficSplit, InstanceName } from '../../application/apply-traffic-split.js';
import { Readiness } from '../../application/readiness.js';
import { ModelTable } from '../../application/model-table.js';
import { resolveDesiredSplit, type ModelRouting } from '../../domain/resolve-desired-split.js';

const alias = 'champion';
const retryDelayMs = 5_000;

/**
 * Follows the newest aliases and traffic splits and has them applied. Every instance needs all of them, so they are read
 * in a consumer group of the instance's own and not in the one that shares the stream among the instances. Changes that
 * arrive while models load are merged: only the newest state of a model is applied, never each step that led to it.
 */
@Injectable()
export class ModelRoutingConsumer implements OnModuleDestroy {
  private readonly routing = new Map<string, ModelRouting>();
  private readonly stale = new Set<string>();
  private applying: Promise<void> = Promise.resolve();
  private consumer: Consumer | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly bus: EventBus,
    private readonly instance: InstanceName,
    private readonly table: ModelTable,
    private readonly applyTrafficSplit: ApplyTrafficSplit,
    private readonly readiness: Readiness,
    private readonly logger: ServiceLogger,
  ) {}

  /** Starts following without waiting for it: loading takes seconds, and readiness reports when it is done. */
  execute(): Promise<void> {
    void this.follow();
    return Promise.resolve();
  }

  async onModuleDestroy(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.consumer?.close();
    await this.applying;
    for (const modelName of this.routing.keys()) {
      for (const model of this.table.listVersions(modelName)) await model.close();
    }
  }

  /** Reads both topics from their beginning, then consumes them; retries until the log answers. */
  private async follow(): Promise<void> {
    try {
      await this.bus.provision(topicSpecsOf([AliasChanged, TrafficShifted]));
      for await (const event of replay(this.bus, AliasChanged)) this.recordAlias(event.id, event.payload);
      for await (const event of replay(this.bus, TrafficShifted)) this.recordShift(event.id, event.payload);
      this.readiness.routingProblem = undefined;
      this.applyStale();
      this.consumer = await this.bus.consume(
        {
          group: `inference.models.${this.instance.value}`,
          topics: [AliasChanged.topic, TrafficShifted.topic],
          from: 'earliest',
          onFatal: (error) => {
            this.readiness.routingProblem = `aliases and traffic splits cannot be followed: ${describeError(error)}`;
          },
        },
        (batch) => {
          for (const record of batch.records) this.readRecord(record);
          this.applyStale();
          return Promise.resolve();
        },
      );
      if (this.closed) await this.consumer.close();
    } catch (error) {
      this.readiness.routingProblem = `aliases and traffic splits cannot be read: ${describeError(error)}`;
      this.logger.error({ error }, 'Aliases and traffic splits cannot be read; retrying');
      if (!this.closed) this.timer = setTimeout(() => void this.follow(), retryDelayMs);
    }
  }

  private readRecord(record: IncomingRecord): void {
    try {
      if (record.topic === AliasChanged.topic) {
        for (const decoded of decodeRecord(AliasChanged, record)) {
          if (decoded.outcome === 'event') {
            this.recordAlias(decoded.event.id, AliasChanged.payload.parse(decoded.event.payload));
          }
        }
      } else {
        for (const decoded of decodeRecord(TrafficShifted, record)) {
          if (decoded.outcome === 'event') {
            this.recordShift(decoded.event.id, TrafficShifted.payload.parse(decoded.event.payload));
          }
        }
      }
    } catch (error) {
      if (!(error instanceof RecordUnreadableError)) throw error;
      // One unreadable record must not keep the next traffic split from being served.
      this.logger.error({ error }, 'An unreadable record about aliases or traffic splits is skipped');
    }
  }

  private recordAlias(id: string, payload: NonNullable<ModelRouting['champion']>['payload']): void {
    const current = this.routing.get(payload.modelName);
    if (payload.alias !== alias || current?.champion?.id === id) return;
    if (current?.champion && Date.parse(current.champion.payload.changedAt) > Date.parse(payload.changedAt)) {
      return;
    }
    this.routing.set(payload.modelName, { ...current, champion: { id, payload } });
    this.stale.add(payload.modelName);
  }

  private recordShift(id: string, payload: NonNullable<ModelRouting['shift']>['payload']): void {
    const current = this.routing.get(payload.modelName);
    if (current?.shift?.id === id) return;
    if (current?.shift && Date.parse(current.shift.payload.shiftedAt) > Date.parse(payload.shiftedAt)) return;
    this.routing.set(payload.modelName, { ...current, shift: { id, payload } });
    this.stale.add(payload.modelName);
  }

  private applyStale(): void {
    this.applying = this.applying.then(async () => {
      for (const modelName of [...this.stale]) {
        if (this.closed) return;
        this.stale.delete(modelName);
        await this.applyTo(modelName);
      }
    });
  }

  private async applyTo(modelName: string): Promise<void> {
    const split = resolveDesiredSplit(this.routing.get(modelName) ?? {});
    try {
      if (split === undefined) this.table.removeRoute(modelName);
      else if ((await this.applyTrafficSplit.execute(split)) === 'retry') this.retryLater(modelName);
    } catch (error) {
      this.logger.error({ modelName, error }, 'A traffic split cannot be applied; retrying');
      this.retryLater(modelName);
    }
  }

  private retryLater(modelName: string): void {
    if (this.closed) return;
    this.stale.add(modelName);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.applyStale(), retryDelayMs);
  }
}
