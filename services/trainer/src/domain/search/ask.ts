import { type Study } from './study.js';
import { suggest } from './suggest.js';
import { type RunningTrial } from './trial.js';

export type Ask =
  | { readonly outcome: 'suggested'; readonly study: Study; readonly trial: RunningTrial }
  /** A grid has no point left. */
  | { readonly outcome: 'exhausted' };

/** Opens the next trial. It stays running, however long it takes, until somebody tells its end. */
export function ask(study: Study): Ask {
  const parameters = suggest(study);
  if (parameters === undefined) return { outcome: 'exhausted' };
  const trial: RunningTrial = { state: 'running', number: study.trials.length, parameters, reports: [] };
  return { outcome: 'suggested', study: { ...study, trials: [...study.trials, trial] }, trial };
}
