import { AppError } from '@headrace/kernel';
import { chooseArm, type Share } from '../domain/choose-arm.js';
import { quoted } from '../domain/inference-tensors.js';
import { type LoadedModel } from './loaded-model.js';

export class ModelUnknownError extends AppError {
  readonly code = 'INFERENCE_MODEL_UNKNOWN';
  readonly kind = 'not-found';

  constructor(modelName: string, modelVersion?: string) {
    super(
      modelVersion === undefined
        ? `No model ${quoted(modelName)} is loaded; it answers once a version of it is champion`
        : `No version ${quoted(modelVersion)} of the model ${quoted(modelName)} is loaded`,
    );
  }
}

export interface RoutedModel extends Share {
  readonly model: LoadedModel;
}

/** Who answers one request, and as which arm of which rollout. */
export interface Answering {
  readonly model: LoadedModel;
  readonly arm: Share['arm'];
  readonly rolloutId: string | undefined;
}

/** Who answers for a model, replaced as a whole: a reader sees one division or the next, never half of each. */
export interface Route {
  readonly modelName: string;
  readonly rolloutId: string | undefined;
  readonly shares: readonly RoutedModel[];
}

/** The models in memory and who answers. Reading costs a map lookup; changing is a pointer move. */
export class ModelTable {
  private readonly loaded = new Map<string, LoadedModel>();
  private readonly routes = new Map<string, Route>();

  routeOf(modelName: string): Route | undefined {
    return this.routes.get(modelName);
  }

  /** The version that answers for an entity, or the named version, which is part of no rollout. */
  find(modelName: string, modelVersion: string | undefined, key: string): Answering {
    if (modelVersion !== undefined && modelVersion !== '') {
      const model = this.loaded.get(`${modelName}/${modelVersion}`);
      if (model === undefined) throw new ModelUnknownError(modelName, modelVersion);
      return { model, arm: 'baseline', rolloutId: undefined };
    }
    const route = this.routes.get(modelName);
    const chosen = route && chooseArm(route.shares, key, route.rolloutId ?? modelName);
    if (chosen === undefined) throw new ModelUnknownError(modelName);
    return { model: chosen.model, arm: chosen.arm, rolloutId: route?.rolloutId };
  }

  version(modelName: string, modelVersion: number): LoadedModel | undefined {
    return this.loaded.get(`${modelName}/${modelVersion}`);
  }

  versionsOf(modelName: string): readonly LoadedModel[] {
    return [...this.loaded.values()].filter((model) => model.modelName === modelName);
  }

  modelNames(): readonly string[] {
    return [...this.routes.keys()];
  }

  keep(model: LoadedModel): void {
    this.loaded.set(`${model.modelName}/${model.modelVersion}`, model);
  }

  switchTo(route: Route): void {
    this.routes.set(route.modelName, route);
  }

  /** Nobody answers for the model any more. */
  withdraw(modelName: string): void {
    this.routes.delete(modelName);
  }

  forget(model: LoadedModel): void {
    const key = `${model.modelName}/${model.modelVersion}`;
    if (this.loaded.get(key) === model) this.loaded.delete(key);
  }
}
