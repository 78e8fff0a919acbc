/** What tools and benchmarks use of the binding, without the service around it. */
export { Booster } from './adapters/xgboost/booster.js';
export { DMatrix, type FeatureMatrix } from './adapters/xgboost/d-matrix.js';
export { fetchXgboost, XgboostFetchError } from './adapters/xgboost/fetch-xgboost.js';
export {
  defaultCacheDirectory,
  findXgboostLibrary,
  type FoundLibrary,
} from './adapters/xgboost/find-xgboost-library.js';
export { CollectiveTracker } from './adapters/xgboost/collective-tracker.js';
export { trainBooster, type TrainOptions } from './adapters/xgboost/train-booster.js';
export { trainDistributed } from './adapters/xgboost/train-distributed.js';
export { XgboostGradientBooster } from './adapters/xgboost/xgboost-gradient-booster.js';
export { XgboostLibrary } from './adapters/xgboost/xgboost-library.js';
export { xgboostParameters, type XgboostParameters } from './application/xgboost-parameters.js';
