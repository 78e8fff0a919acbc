/** What tools and benchmarks use of the binding, without the service around it. */
export { type FeatureMatrix } from './adapters/xgboost/d-matrix.js';
export { fetchXgboost } from './adapters/xgboost/fetch-xgboost.js';
export { findXgboostLibrary, type FoundLibrary } from './adapters/xgboost/find-xgboost-library.js';
export { trainBooster, type TrainOptions } from './adapters/xgboost/train-booster.js';
export { XgboostGradientBooster } from './adapters/xgboost/xgboost-gradient-booster.js';
export { XgboostLibrary } from './adapters/xgboost/xgboost-library.js';
export { xgboostParameters, type XgboostParameters } from './application/xgboost-parameters.js';
