/** Hyper-parameter search, for whoever trains or compares. */
export { ask, type Ask } from './domain/search/ask.js';
export { judgePruning } from './domain/search/judge-pruning.js';
export { openTrial } from './domain/search/open-trial.js';
export { parameterImportances, type ImportanceOptions } from './domain/search/parameter-importances.js';
export { paretoFront } from './domain/search/pareto-front.js';
export { type PrunerOptions } from './domain/search/pruner-options.js';
export { type PruningVerdict } from './domain/search/pruning-verdict.js';
export { type SamplerOptions } from './domain/search/sampler-options.js';
export {
  InvalidSearchSpaceError,
  type Parameter,
  type ParameterValue,
  type ParameterValues,
  type SearchSpace,
} from './domain/search/search-space.js';
export {
  bestTrial,
  changeSpace,
  InvalidStudyError,
  report,
  startStudy,
  tell,
  type Rejected,
  type Study,
  type StudyOptions,
  type Told,
  type TrialResult,
} from './domain/search/study.js';
export { readStudy, writeStudy } from './domain/search/study-document.js';
export { type Direction, type Trial } from './domain/search/trial.js';
