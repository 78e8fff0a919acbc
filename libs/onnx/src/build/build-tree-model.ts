import { type TreeEnsemble } from '../trees/tree-ensemble.js';
import { buildEnsembleModel } from './build-ensemble-model.js';

export interface TreeModelOptions {
  /** Name of the output of this member of the ensemble. Default `xgboost`. */
  readonly member?: string;
  /** Written into the file as `headrace.<name>`, for example `trainingSetDigest`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * An ONNX file of one tree ensemble: input `features` FP32 [n, f], outputs `probability` FP32 [n] and the member's own
 * output, which is the same.
 */
export function buildTreeModel(
  ensemble: TreeEnsemble,
  { member = 'xgboost', metadata = {} }: TreeModelOptions = {},
): Uint8Array {
  return buildEnsembleModel({
    featureNames: ensemble.featureNames,
    members: [{ kind: 'trees', name: member, weight: 1, trees: ensemble }],
    metadata,
  });
}
