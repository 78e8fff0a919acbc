/** Hyper-parameter search, for whoever trains or compares. */
export { ask, type Ask } from './domain/search/ask.js';
export { judgePruning } from './domain/search/pruners/judge-pruning.js';
export { openTrial } from './domain/search/study/open-trial.js';
export {
  parameterImportances,
  type ImportanceOptions,
} from './domain/search/importance/parameter-importances.js';
export { paretoFront } from './domain/search/pareto/pareto-front.js';
export { type PrunerOptions } from './domain/search/study/pruner-options.js';
export { type PruningVerdict } from './domain/search/pruners/pruning-verdict.js';
export { type SamplerOptions } from './domain/search/study/sampler-options.js';
export {
  InvalidSearchSpaceError,
  type Parameter,
  type ParameterValue,
  type ParameterValues,
  type SearchSpace,
} from './domain/search/space/search-space.js';
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
} from './domain/search/study/study.js';
export { readStudy, writeStudy } from './domain/search/study/study-document.js';
export { type Direction, type Trial } from './domain/search/study/trial.js';
