import { ModelLoaded, ModelLoadFailed } from '@headrace/contracts';
import { Clock, describeError, deterministicId, isAppError } from '@headrace/kernel';
import { EventPublisher } from '@headrace/messaging';
import { ServiceLogger } from '@headrace/service-host';
import { Injectable } from '@nestjs/common';
import { servableShares, type WantedDivision, type WantedVersion } from '../domain/wanted-division.js';
import { InferenceMetrics } from './inference-metrics.js';
import { LoadModel } from './load-model.js';
import { type LoadedModel } from './loaded-model.js';
import { ModelTable } from './model-table.js';

/** Names this process in the ids of what it says about its own memory. */
export class InstanceName {
  constructor(readonly value: string) {}
}

/** Versions that left the division and stay loaded, so that going back to them is a pointer move. */
const keptVersions = 2;

/**
 * Makes the wanted division the serving one: loads what is missing, then switches at once, then lets old versions go.
 * A version that cannot be loaded is reported and gets no traffic. Answers whether trying again later makes sense.
 */
@Injectable()
export class DivideTraffic {
  private readonly lastServed: LoadedModel[] = [];

  constructor(
    private readonly table: ModelTable,
    private readonly loadModel: LoadModel,
    private readonly publisher: EventPublisher,
    private readonly clock: Clock,
    private readonly instance: InstanceName,
    private readonly metrics: InferenceMetrics,
    private readonly logger: ServiceLogger,
  ) {}

  async execute(wanted: WantedDivision): Promise<'settled' | 'try-again'> {
    const { modelName, shares } = wanted;
    // Those that carry traffic come first: a canary that is only prepared must not delay the champion.
    const inOrder = [...shares].sort((a, b) => b.percent - a.percent);
    let tryAgain = false;
    for (const share of inOrder) {
      if (this.isLoaded(modelName, share)) {
        await this.reportLoaded(wanted, share);
        continue;
      }
      const outcome = await this.load(wanted, share);
      if (outcome === 'try-again') tryAgain = true;
      // Serve what is there already, before the next version is loaded.
      this.switchTo(wanted);
    }
    this.switchTo(wanted);
    await this.letGo(modelName);
    return tryAgain ? 'try-again' : 'settled';
  }

  private isLoaded(modelName: string, share: WantedVersion): boolean {
    return this.table.version(modelName, share.modelVersion)?.digest === share.digest;
  }

  private async load(
    wanted: WantedDivision,
    share: WantedVersion,
  ): Promise<'loaded' | 'refused' | 'try-again'> {
    const { modelName } = wanted;
    try {
      const model = await this.loadModel.execute(modelName, share);
      this.table.keep(model);
      this.metrics.load(modelName, 'loaded');
      const { modelVersion, digest, scorer, proof, loadMs } = model;
      this.logger.info(
        { modelName, modelVersion, digest, scorer, proof, loadMs },
        'A model version is loaded',
      );
      await this.reportLoaded(wanted, share);
      return 'loaded';
    } catch (error) {
      this.metrics.load(modelName, 'failed');
      await this.reportFailed(wanted, share, error);
      return isAppError(error) && error.retryable ? 'try-again' : 'refused';
    }
  }

  private switchTo({ modelName, rolloutId, shares }: WantedDivision): void {
    const servable = servableShares(shares, (share) => this.isLoaded(modelName, share));
    if (servable === undefined) return;
    const routed = servable.flatMap(({ modelVersion, arm, percent }) => {
      const model = this.table.version(modelName, modelVersion);
      return model === undefined ? [] : [{ modelVersion, arm, percent, model }];
    });
    this.table.switchTo({ modelName, rolloutId, shares: routed });
    for (const { model } of routed) {
      const place = this.lastServed.indexOf(model);
      if (place >= 0) this.lastServed.splice(place, 1);
      this.lastServed.unshift(model);
    }
  }

  private async letGo(modelName: string): Promise<void> {
    const route = this.table.routeOf(modelName);
    const serving = new Set(route?.shares.map(({ model }) => model));
    const idle = this.lastServed.filter((model) => model.modelName === modelName && !serving.has(model));
    for (const model of idle.slice(keptVersions)) {
      this.table.forget(model);
      this.lastServed.splice(this.lastServed.indexOf(model), 1);
      await model.close();
    }
  }

  private async reportLoaded(wanted: WantedDivision, share: WantedVersion): Promise<void> {
    const model = this.table.version(wanted.modelName, share.modelVersion);
    if (model === undefined) return;
    const now = this.clock.now();
    await this.publisher.publish(ModelLoaded, [
      {
        id: this.idOf('model-loaded', wanted, share),
        time: now,
        causationIds: [wanted.causeId],
        payload: {
          modelName: wanted.modelName,
          modelVersion: share.modelVersion,
          digest: share.digest,
          loadedAt: now.toISOString(),
          loadMs: model.loadMs,
          scorer: model.scorer,
          proof: model.proof,
        },
      },
    ]);
  }

  private async reportFailed(wanted: WantedDivision, share: WantedVersion, error: unknown): Promise<void> {
    const { modelName } = wanted;
    const { modelVersion, digest } = share;
    const code = isAppError(error) ? error.code : 'INFERENCE_MODEL_LOAD_FAILED';
    const message = describeError(error);
    this.logger.error({ modelName, modelVersion, digest, code, error }, 'A model version cannot be loaded');
    const now = this.clock.now();
    await this.publisher.publish(ModelLoadFailed, [
      {
        id: this.idOf('model-load-failed', wanted, share),
        time: now,
        causationIds: [wanted.causeId],
        payload: { modelName, modelVersion, digest, code, message, failedAt: now.toISOString() },
      },
    ]);
  }

  /** The same division states the same fact once for each instance, however often it is applied. */
  private idOf(fact: string, wanted: WantedDivision, share: WantedVersion): string {
    return deterministicId(fact, wanted.causeId, share.digest, this.instance.value);
  }
}
