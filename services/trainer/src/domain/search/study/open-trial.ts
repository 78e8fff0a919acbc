import { type ParameterValues } from '../space/search-space.js';
import { type Study } from './study.js';
import { type RunningTrial } from './trial.js';

/**
 * Opens a trial of these parameters, which nobody has asked the sampler for: what is in use today, so that the search
 * is compared with it and learns from it. They may lie outside the space; then they teach nothing about it.
 */
export function openTrial(
  study: Study,
  parameters: ParameterValues,
): { readonly study: Study; readonly trial: RunningTrial } {
  const trial: RunningTrial = { state: 'running', number: study.trials.length, parameters, reports: [] };
  return { study: { ...study, trials: [...study.trials, trial] }, trial };
}
