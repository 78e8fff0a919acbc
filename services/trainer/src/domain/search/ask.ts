import { openTrial } from './study/open-trial.js';
import { type Study } from './study/study.js';
import { suggest } from './samplers/suggest.js';
import { type RunningTrial } from './study/trial.js';

export type Ask =
  | { readonly outcome: 'suggested'; readonly study: Study; readonly trial: RunningTrial }
  /** A grid has no point left. */
  | { readonly outcome: 'exhausted' };

/** Opens the next trial. It stays running, however long it takes, until somebody tells its end. */
export function ask(study: Study): Ask {
  const parameters = suggest(study);
  if (parameters === undefined) return { outcome: 'exhausted' };
  return { outcome: 'suggested', ...openTrial(study, parameters) };
}
