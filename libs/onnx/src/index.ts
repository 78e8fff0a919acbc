export { type Calibration } from './build/add-calibration.js';
export { type Activation, type DenseNetwork } from './build/add-dense.js';
export { type LstmLayerWeights, type LstmWeights } from './build/add-lstm.js';
export { type Scaler } from './build/add-scaler.js';
export { buildEnsembleModel, type EnsembleMember, type EnsembleModel } from './build/build-ensemble-model.js';
export { buildLstmModel, type LstmModelOptions } from './build/build-lstm-model.js';
export { buildTreeModel, type TreeModelOptions } from './build/build-tree-model.js';
export { convertXgboost, type ConvertXgboostOptions } from './build/convert-xgboost.js';
export { checkModel, type CheckedModel, type ModelLimits } from './admission/check-model.js';
export { compileClasses, selectOutput, type ClassScorer } from './scorer/compile-classes.js';
export { compileTrees, type TreeScorer } from './scorer/compile-trees.js';
export {
  proofRows,
  proveEqual,
  type Proof,
  type ProvableScorer,
  type ReferenceRun,
} from './scorer/prove-equal.js';
export { buildAbsentSequence, type TensorSpec } from './admission/read-signature.js';
export { readXgboost, type XgboostHeader } from './xgboost/read-xgboost.js';
export { foldConstants } from './rewrite/fold-constants.js';
export {
  measureChange,
  seededRows,
  type MeasuredChange,
  type ModelRows,
  type RunModel,
} from './rewrite/measure-change.js';
export { pruneTrees } from './rewrite/prune-trees.js';
export { removeDeadCode } from './rewrite/remove-dead-code.js';
export { type Rewrite, type RewriteResult } from './rewrite/rewrite.js';
export { rewriteModel, type RewriteStep, type RewrittenModel } from './rewrite/rewrite-model.js';
export { collectTrees, type TreeClasses } from './trees/tree-classes.js';
export { computeMargin, sigmoid, type Link, type Tree, type TreeEnsemble } from './trees/tree-ensemble.js';
export { pruneWeights, type PruneWeightsOptions } from './rewrite/prune-weights.js';
export { quantizeInt8, type QuantizeInt8Options } from './rewrite/quantize-int8.js';
export { shrinkTrees, type ShrinkTreesOptions } from './rewrite/shrink-trees.js';
export { storeFloat16, type StoreFloat16Options } from './rewrite/store-float16.js';
export { storeInt8, type StoreInt8Options } from './rewrite/store-int8.js';
