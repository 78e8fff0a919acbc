import { readXgboost, readXgboostClasses, readXgboostHeader } from '../xgboost/read-xgboost.js';
import { refuse } from '../trees/tree-ensemble.js';
import { buildEnsembleModel } from './build-ensemble-model.js';
import { buildTreeModel } from './build-tree-model.js';

export interface ConvertXgboostOptions {
  /** Order of the columns. Default: the names that the booster was trained with. */
  readonly featureNames?: readonly string[];
  /** Of a booster with classes, in their order. Default: `0`, `1`, ... */
  readonly classNames?: readonly string[];
  /** Of a booster with classes: those whose probabilities, added, are the answer `probability`. */
  readonly positive?: readonly string[];
  /** Written into the file as `headrace.<name>`, for example `trainingSetDigest`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * An ONNX file of a booster that XGBoost saved as JSON or UBJ, for the registry and for inference: `features` FP32 [n, f] in,
 * `probability` FP32 [n] out, and for a booster with classes the probability of each, `xgboost.<class>`. A booster does not
 * record which classes are positive: pass them as `positive`.
 */
export function convertXgboost(
  model: string | Uint8Array | object,
  { featureNames, classNames, positive = [], metadata = {} }: ConvertXgboostOptions = {},
): Uint8Array {
  const header = readXgboostHeader(model);
  const columns = featureNames ?? header.featureNames;
  if (!header.objective.startsWith('multi:')) {
    if (classNames !== undefined || positive.length > 0) {
      refuse(`its objective ${header.objective} has no classes, and classes were given`);
    }
    return buildTreeModel(readXgboost(model, columns), { metadata });
  }
  const classes = readXgboostClasses(model, columns);
  const names = classNames ?? classes.map((_, index) => String(index));
  if (names.length !== classes.length) {
    refuse(`it has ${classes.length} classes and ${names.length} names were given`);
  }
  if (positive.length === 0) {
    refuse(`it has the classes ${names.join(', ')}, and none is positive; name the positive classes`);
  }
  const indices = positive.map((name) => {
    const index = names.indexOf(name);
    return index < 0 ? refuse(`it has no class ${JSON.stringify(name)}; it has ${names.join(', ')}`) : index;
  });
  return buildEnsembleModel({
    featureNames: columns,
    members: [{ kind: 'classes', name: 'xgboost', weight: 1, classes, classNames: names, positive: indices }],
    metadata,
  });
}
