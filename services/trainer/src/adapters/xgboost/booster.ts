import { encodeParameters, type BoosterParameters } from './encode-parameters.js';
import { MatrixShapeError, type DMatrix } from './d-matrix.js';
import { NativeHandle } from './native-handle.js';
import {
  copyBytes,
  copyFloats,
  copyLongs,
  copyStrings,
  slot,
  taken,
  type Pointer,
  type XgboostLibrary,
} from './xgboost-library.js';

export type ModelFormat = 'json' | 'ubj';

/** `value`: after the objective's transformation. `margin`: before it. `leaf`: the leaf of each tree. `contribs`: SHAP values, the bias last. */
export type PredictionKind =
  'value' | 'margin' | 'leaf' | 'contribs' | 'approximate-contribs' | 'interactions';

const predictionTypes = {
  value: 0,
  margin: 1,
  contribs: 2,
  'approximate-contribs': 3,
  interactions: 4,
  leaf: 6,
} as const satisfies Record<PredictionKind, number>;

export interface PredictOptions {
  readonly kind?: PredictionKind;
  /** Rounds [begin, end); end 0 means all. */
  readonly rounds?: readonly [begin: number, end: number];
}

/** Row-major; `shape[0]` is the number of rows. */
export interface Prediction {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

export type ImportanceKind = 'weight' | 'gain' | 'cover' | 'total_gain' | 'total_cover';

export interface RoundScore {
  readonly set: string;
  readonly metric: string;
  readonly value: number;
}

/** A model of XGBoost. Holds memory outside of the heap until `free`. */
export class Booster {
  private readonly handle: NativeHandle;

  private constructor(
    readonly library: XgboostLibrary,
    address: Pointer,
  ) {
    this.handle = new NativeHandle(library, 'booster', address);
  }

  /** `cache`: the matrices of the training; XGBoost keeps their predictions between rounds. */
  static create(
    library: XgboostLibrary,
    parameters: BoosterParameters,
    cache: readonly DMatrix[] = [],
  ): Booster {
    const handle = slot<Pointer>();
    library.call(
      'XGBoosterCreate',
      cache.map((matrix) => matrix.pointer),
      cache.length,
      handle,
    );
    const booster = new Booster(library, taken(handle, 'XGBoosterCreate'));
    try {
      booster.setParameters(parameters);
    } catch (error) {
      booster.free();
      throw error;
    }
    return booster;
  }

  static load(library: XgboostLibrary, model: Uint8Array, cache: readonly DMatrix[] = []): Booster {
    const booster = Booster.create(library, {}, cache);
    try {
      booster.restore(model);
    } catch (error) {
      booster.free();
      throw error;
    }
    return booster;
  }

  get pointer(): Pointer {
    return this.handle.pointer;
  }

  setParameters(parameters: BoosterParameters): void {
    for (const [name, value] of encodeParameters(parameters)) {
      this.library.call('XGBoosterSetParam', this.pointer, name, value);
    }
  }

  /** Replaces the model by a stored one, JSON or UBJ; parameters set before stay. */
  restore(model: Uint8Array): void {
    this.library.call('XGBoosterLoadModelFromBuffer', this.pointer, model, model.length);
  }

  /** One round of boosting. `round` counts from 0 over the whole life of the model; it seeds the sampling. */
  update(round: number, matrix: DMatrix): void {
    this.library.call('XGBoosterUpdateOneIter', this.pointer, round, matrix.pointer);
  }

  evaluate(
    round: number,
    sets: readonly { readonly name: string; readonly matrix: DMatrix }[],
  ): RoundScore[] {
    const result = slot<string>();
    this.library.call(
      'XGBoosterEvalOneIter',
      this.pointer,
      round,
      sets.map((set) => set.matrix.pointer),
      sets.map((set) => set.name),
      sets.length,
      result,
    );
    return parseScores(taken(result, 'XGBoosterEvalOneIter'));
  }

  predict(matrix: DMatrix, options: PredictOptions = {}): Prediction {
    // XGBoost itself takes missing columns for missing values, and answers something.
    if (matrix.columns !== this.features) {
      throw new MatrixShapeError(
        `The model was trained on ${this.features} columns, and the rows have ${matrix.columns}`,
      );
    }
    const [begin, end] = options.rounds ?? [0, 0];
    const shape = slot<Pointer>();
    const dimensions = slot<number | bigint>();
    const result = slot<Pointer>();
    this.library.call(
      'XGBoosterPredictFromDMatrix',
      this.pointer,
      matrix.pointer,
      JSON.stringify({
        type: predictionTypes[options.kind ?? 'value'],
        training: false,
        iteration_begin: begin,
        iteration_end: end,
        strict_shape: false,
      }),
      shape,
      dimensions,
      result,
    );
    const sizes = copyLongs(taken(shape, 'predict'), Number(taken(dimensions, 'predict')));
    const length = sizes.reduce((product, size) => product * size, 1);
    return { values: copyFloats(taken(result, 'predict'), length), shape: sizes };
  }

  /** By feature; a feature that no split uses is absent. */
  importance(kind: ImportanceKind): Record<string, number> {
    const count = slot<number | bigint>();
    const features = slot<Pointer>();
    const dimensions = slot<number | bigint>();
    const shape = slot<Pointer>();
    const scores = slot<Pointer>();
    this.library.call(
      'XGBoosterFeatureScore',
      this.pointer,
      JSON.stringify({ importance_type: kind }),
      count,
      features,
      dimensions,
      shape,
      scores,
    );
    const length = Number(taken(count, 'importance'));
    if (length === 0) return {};
    const values = copyFloats(taken(scores, 'importance'), length);
    return Object.fromEntries(
      copyStrings(taken(features, 'importance'), length).map((name, index) => [name, values[index] ?? 0]),
    );
  }

  get rounds(): number {
    const rounds = slot<number>();
    this.library.call('XGBoosterBoostedRounds', this.pointer, rounds);
    return taken(rounds, 'XGBoosterBoostedRounds');
  }

  get features(): number {
    const features = slot<number | bigint>();
    this.library.call('XGBoosterGetNumFeature', this.pointer, features);
    return Number(taken(features, 'XGBoosterGetNumFeature'));
  }

  get featureNames(): string[] {
    const length = slot<number | bigint>();
    const names = slot<Pointer>();
    this.library.call('XGBoosterGetStrFeatureInfo', this.pointer, 'feature_name', length, names);
    const count = Number(taken(length, 'featureNames'));
    return count === 0 ? [] : copyStrings(taken(names, 'featureNames'), count);
  }

  setFeatureNames(names: readonly string[]): void {
    this.library.call('XGBoosterSetStrFeatureInfo', this.pointer, 'feature_name', [...names], names.length);
  }

  /** A new booster with the rounds [begin, end) of this one. */
  slice(begin: number, end: number): Booster {
    const sliced = slot<Pointer>();
    this.library.call('XGBoosterSlice', this.pointer, begin, end, 1, sliced);
    const booster = new Booster(this.library, taken(sliced, 'XGBoosterSlice'));
    // The library forgets the names of the columns when it slices.
    try {
      booster.setFeatureNames(this.featureNames);
    } catch (error) {
      booster.free();
      throw error;
    }
    return booster;
  }

  save(format: ModelFormat): Uint8Array {
    const length = slot<number | bigint>();
    const bytes = slot<Pointer>();
    this.library.call('XGBoosterSaveModelToBuffer', this.pointer, JSON.stringify({ format }), length, bytes);
    return copyBytes(taken(bytes, 'save'), Number(taken(length, 'save')));
  }

  /** What the library makes of the parameters, with its own defaults: JSON, different from version to version. */
  get configuration(): string {
    const length = slot<number | bigint>();
    const json = slot<string>();
    this.library.call('XGBoosterSaveJsonConfig', this.pointer, length, json);
    return taken(json, 'XGBoosterSaveJsonConfig');
  }

  attribute(name: string): string | undefined {
    const value = slot<string>();
    const found = slot<number>();
    this.library.call('XGBoosterGetAttr', this.pointer, name, value, found);
    return found[0] === 1 ? (value[0] ?? undefined) : undefined;
  }

  /** Undefined removes the attribute. */
  setAttribute(name: string, value: string | undefined): void {
    this.library.call('XGBoosterSetAttr', this.pointer, name, value ?? null);
  }

  get attributeNames(): string[] {
    const length = slot<number | bigint>();
    const names = slot<Pointer>();
    this.library.call('XGBoosterGetAttrNames', this.pointer, length, names);
    const count = Number(taken(length, 'attributeNames'));
    return count === 0 ? [] : copyStrings(taken(names, 'attributeNames'), count);
  }

  /** Idempotent. */
  free(): void {
    this.handle.free();
  }
}

/** `[12]\ttrain-logloss:0.41\tvalidation-logloss:0.52`; the name of a set holds no hyphen, that of a metric may (poisson-nloglik). */
function parseScores(line: string): RoundScore[] {
  return line
    .split('\t')
    .slice(1)
    .map((entry) => {
      const colon = entry.lastIndexOf(':');
      const name = entry.slice(0, colon);
      const hyphen = name.indexOf('-');
      const text = entry.slice(colon + 1);
      return {
        set: name.slice(0, hyphen),
        metric: name.slice(hyphen + 1),
        value: /^-?nan/i.test(text) ? Number.NaN : Number(text.replace(/^(-?)inf.*/i, '$1Infinity')),
      };
    });
}
