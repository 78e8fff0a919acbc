export { buildTreeModel, treeEnsembleFromXgboostJson, type TreeModelOptions } from './build-tree-model.js';
export {
  checkModel,
  defaultModelLimits,
  readTreeEnsemble,
  type CheckedModel,
  type ModelLimits,
  type TensorSpec,
} from './check-model.js';
export { compileTrees, type TreeScorer } from './compile-trees.js';
export {
  proofRows,
  proveEqual,
  ScorersDifferError,
  type Proof,
  type ProvableScorer,
  type ReferenceRun,
} from './prove-equal.js';
export { readXgboostJson } from './read-xgboost-json.js';
export { marginOf, ModelRefusedError, sigmoid, type Tree, type TreeEnsemble } from './tree-ensemble.js';
