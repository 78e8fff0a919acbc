import { AppError } from '@headrace/kernel';
import { chooseArm, type Share } from '../domain/choose-arm.js';
import { quoteName } from '../domain/inference-tensors.js';
import { type LoadedModel } from './loaded-model.js';

export class ModelNotFoundError extends AppError {
  readonly code = 'INFERENCE_MODEL_UNKNOWN';
  readonly kind = 'not-found';

  constructor(modelName: string, modelVersion?: string) {
    super(
      modelVersion === undefined
        ? `No model ${quoteName(modelName)} is loaded; it answers once a version of it is champion`
        : `No version ${quoteName(modelVersion)} of the model ${quoteName(modelName)} is loaded`,
    );
  }
}

export interface RoutedModel extends Share {
  readonly model: LoadedModel;
}

/** The model that answers a request, as which arm of which rollout. */
export interface ResolvedModel {
  readonly model: LoadedModel;
  readonly arm: Share['arm'];
  readonly rolloutId: string | undefined;
}

/** The versions that answer for a model, replaced as a whole: a reader sees one split or the next, never a mix of both. */
export interface Route {
  readonly modelName: string;
  readonly rolloutId: string | undefined;
  readonly shares: readonly RoutedModel[];
}

/** The loaded models and their routes. A read is a map lookup; a change replaces one entry. */
export class ModelTable {
  private readonly loaded = new Map<string, LoadedModel>();
  private readonly routes = new Map<string, Route>();

  findRoute(modelName: string): Route | undefined {
    return this.routes.get(modelName);
  }

  /** The version that answers for an entity, or the named version outside any rollout. */
  resolve(modelName: string, modelVersion: string | undefined, key: string): ResolvedModel {
    if (modelVersion !== undefined && modelVersion !== '') {
      const model = this.loaded.get(`${modelName}/${modelVersion}`);
      if (model === undefined) throw new ModelNotFoundError(modelName, modelVersion);
      return { model, arm: 'baseline', rolloutId: undefined };
    }
    const route = this.routes.get(modelName);
    const chosen = route && chooseArm(route.shares, key, route.rolloutId ?? modelName);
    if (chosen === undefined) throw new ModelNotFoundError(modelName);
    return { model: chosen.model, arm: chosen.arm, rolloutId: route?.rolloutId };
  }

  findVersion(modelName: string, modelVersion: number): LoadedModel | undefined {
    return this.loaded.get(`${modelName}/${modelVersion}`);
  }

  listVersions(modelName: string): readonly LoadedModel[] {
    return [...this.loaded.values()].filter((model) => model.modelName === modelName);
  }

  listModels(): readonly string[] {
    return [...this.routes.keys()];
  }

  add(model: LoadedModel): void {
    this.loaded.set(`${model.modelName}/${model.modelVersion}`, model);
  }

  setRoute(route: Route): void {
    this.routes.set(route.modelName, route);
  }

  /** The model no longer answers. */
  removeRoute(modelName: string): void {
    this.routes.delete(modelName);
  }

  remove(model: LoadedModel): void {
    const key = `${model.modelName}/${model.modelVersion}`;
    if (this.loaded.get(key) === model) this.loaded.delete(key);
  }
}
