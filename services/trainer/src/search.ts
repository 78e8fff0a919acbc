/** Hyper-parameter search, for whoever trains or compares. */
export { ask, type Ask } from './domain/search/ask.js';
export { type ImportanceOptions } from './domain/search/importance/parameter-importances.js';
export { type PrunerOptions } from './domain/search/study/pruner-options.js';
export { type PruningVerdict } from './domain/search/pruners/pruning-verdict.js';
export { type SamplerOptions } from './domain/search/study/sampler-options.js';
export {
  type Parameter,
  type ParameterValue,
  type ParameterValues,
  type SearchSpace,
} from './domain/search/space/search-space.js';
export {
  startStudy,
  tell,
  type Rejected,
  type Study,
  type StudyOptions,
  type Told,
  type TrialResult,
} from './domain/search/study/study.js';
export { type Direction, type Trial } from './domain/search/study/trial.js';
