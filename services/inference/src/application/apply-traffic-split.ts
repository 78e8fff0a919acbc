import { ModelLoaded, ModelLoadFailed } from '@headrace/contracts';
import { Clock, describeError, deterministicId, isAppError } from '@headrace/kernel';
import { EventPublisher } from '@headrace/messaging';
import { ServiceLogger } from '@headrace/service-host';
import { Injectable } from '@nestjs/common';
import { servableShares, type DesiredSplit, type DesiredShare } from '../domain/resolve-desired-split.js';
import { InferenceMetrics } from './inference-metrics.js';
import { LoadModel } from './load-model.js';
import { type LoadedModel } from './loaded-model.js';
import { ModelTable } from './model-table.js';

/** Names this process in its consumer group and in the ids of its events. */
export class InstanceName {
  constructor(readonly value: string) {}
}

/** Versions outside the split that stay loaded, so that a rollback to them is a pointer move. */
const maxIdleVersions = 2;

/**
 * Makes the desired split the serving one: loads missing versions, switches all shares at once, then unloads old
 * versions. A version that cannot be loaded is reported and gets no traffic. `retry`: a later attempt may load it.
 */
@Injectable()
export class ApplyTrafficSplit {
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

  async execute(split: DesiredSplit): Promise<'applied' | 'retry'> {
    const { modelName, shares } = split;
    // Versions with traffic come first: a canary that is only being prepared must not delay the champion.
    const inOrder = [...shares].sort((a, b) => b.percent - a.percent);
    let retry = false;
    for (const share of inOrder) {
      if (this.isLoaded(modelName, share)) {
        await this.reportLoaded(split, share);
        continue;
      }
      const outcome = await this.load(split, share);
      if (outcome === 'retry') retry = true;
      // Serve what is loaded already before loading the next version.
      this.switchRoute(split);
    }
    this.switchRoute(split);
    await this.unloadIdle(modelName);
    return retry ? 'retry' : 'applied';
  }

  private isLoaded(modelName: string, share: DesiredShare): boolean {
    return this.table.findVersion(modelName, share.modelVersion)?.digest === share.digest;
  }

  private async load(split: DesiredSplit, share: DesiredShare): Promise<'loaded' | 'refused' | 'retry'> {
    const { modelName } = split;
    try {
      const model = await this.loadModel.execute(modelName, share);
      this.table.add(model);
      this.metrics.countLoad(modelName, 'loaded');
      const { modelVersion, digest, scorer, proof, loadMs } = model;
      this.logger.info(
        { modelName, modelVersion, digest, scorer, proof, loadMs },
        'A model version is loaded',
      );
      await this.reportLoaded(split, share);
      return 'loaded';
    } catch (error) {
      this.metrics.countLoad(modelName, 'failed');
      await this.reportFailed(split, share, error);
      return isAppError(error) && error.retryable ? 'retry' : 'refused';
    }
  }

  private switchRoute({ modelName, rolloutId, shares }: DesiredSplit): void {
    const servable = servableShares(shares, (share) => this.isLoaded(modelName, share));
    if (servable === undefined) return;
    const routed = servable.flatMap(({ modelVersion, arm, percent }) => {
      const model = this.table.findVersion(modelName, modelVersion);
      return model === undefined ? [] : [{ modelVersion, arm, percent, model }];
    });
    this.table.setRoute({ modelName, rolloutId, shares: routed });
    for (const { model } of routed) {
      const place = this.lastServed.indexOf(model);
      if (place >= 0) this.lastServed.splice(place, 1);
      this.lastServed.unshift(model);
    }
  }

  private async unloadIdle(modelName: string): Promise<void> {
    const route = this.table.findRoute(modelName);
    const serving = new Set(route?.shares.map(({ model }) => model));
    const idle = this.lastServed.filter((model) => model.modelName === modelName && !serving.has(model));
    for (const model of idle.slice(maxIdleVersions)) {
      this.table.remove(model);
      this.lastServed.splice(this.lastServed.indexOf(model), 1);
      await model.close();
    }
  }

  private async reportLoaded(split: DesiredSplit, share: DesiredShare): Promise<void> {
    const model = this.table.findVersion(split.modelName, share.modelVersion);
    if (model === undefined) return;
    const now = this.clock.now();
    await this.publisher.publish(ModelLoaded, [
      {
        id: this.eventId('model-loaded', split, share),
        time: now,
        causationIds: [split.causeId],
        payload: {
          modelName: split.modelName,
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

  private async reportFailed(split: DesiredSplit, share: DesiredShare, error: unknown): Promise<void> {
    const { modelName } = split;
    const { modelVersion, digest } = share;
    const code = isAppError(error) ? error.code : 'INFERENCE_MODEL_LOAD_FAILED';
    const message = describeError(error);
    this.logger.error({ modelName, modelVersion, digest, code, error }, 'A model version cannot be loaded');
    const now = this.clock.now();
    await this.publisher.publish(ModelLoadFailed, [
      {
        id: this.eventId('model-load-failed', split, share),
        time: now,
        causationIds: [split.causeId],
        payload: { modelName, modelVersion, digest, code, message, failedAt: now.toISOString() },
      },
    ]);
  }

  /** The same split gives the same id on the same instance, however often it is applied. */
  private eventId(type: string, split: DesiredSplit, share: DesiredShare): string {
    return deterministicId(type, split.causeId, share.digest, this.instance.value);
  }
}
