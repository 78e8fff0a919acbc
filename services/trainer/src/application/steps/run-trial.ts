import { describeError, isAppError } from '@headrace/kernel';
import { judgePruning } from '../../domain/search/pruners/judge-pruning.js';
import { report, tell, type Study, type TrialResult } from '../../domain/search/study/study.js';
import { type EndedTrial } from '../../domain/search/study/trial.js';
import {
  type BoostedModel,
  type BoostingRequest,
  type GradientBooster,
  type RoundProgress,
} from '../gradient-booster.js';

/** A trial tells the pruner about at most so many of its rounds, evenly: the history is stored after every trial. */
const maxReports = 100;

export interface TrialWork {
  readonly booster: GradientBooster;
  readonly request: BoostingRequest;
  /** Of the rounds' scores, the one that trials are compared by. */
  readonly score: string;
  readonly signal: AbortSignal;
  readonly onRound: (progress: RoundProgress) => void;
}

export interface EndOfTrial {
  readonly study: Study;
  readonly trial: EndedTrial;
  /** Undefined unless the trial is complete. */
  readonly model: BoostedModel | undefined;
}

/**
 * Trains one trial and tells the study its end. A round's score is judged as it comes; a trial that is pruned is stopped
 * within a round or two, and what those still report does not count, so that its end depends on the scores alone and not
 * on how fast somebody looked.
 *
 * The first trial is never pruned: it is what the others have to beat. It is also the plan's own, so what fails it would
 * fail a training without a search, and is thrown. Of the others, what cannot be trained is told as failed. Thrown are
 * for all of them the abort of the signal and what may pass when it is tried again.
 */
export async function runTrial(opened: Study, number: number, work: TrialWork): Promise<EndOfTrial> {
  const { booster, request, score, signal } = work;
  const prune = new AbortController();
  const every = Math.ceil(request.rounds / maxReports);
  let study = opened;
  const onRound = (progress: RoundProgress): void => {
    work.onRound(progress);
    const value = progress.scores[score];
    if (prune.signal.aborted || value === undefined || (progress.round + 1) % every !== 0) return;
    const told = report(study, number, progress.round, value);
    if (told.outcome === 'accepted') study = told.study;
    if (number > 0 && judgePruning(study, number).outcome === 'prune') prune.abort();
  };
  let model: BoostedModel | undefined;
  let result: TrialResult;
  try {
    model = await booster.train(request, { signal: AbortSignal.any([signal, prune.signal]), onRound });
    result = resultOf(model, score);
  } catch (error) {
    const mayPass = isAppError(error) && error.retryable;
    if (signal.aborted || (!prune.signal.aborted && (number === 0 || mayPass))) throw error;
    result = { state: 'failed', reason: describeError(error) };
  }
  const told = tell(study, number, prune.signal.aborted ? { state: 'pruned' } : result);
  if (told.outcome === 'rejected' || told.trial.state === 'running') {
    throw new Error(`Trial ${number} could not be ended: ${JSON.stringify(told)}`);
  }
  return {
    study: told.study,
    trial: told.trial,
    ...(told.trial.state === 'complete' ? { model } : { model: undefined }),
  };
}

/** The score of the round that the model is cut after: with early stopping its best, otherwise its last. */
function resultOf(model: BoostedModel, score: string): TrialResult {
  const value = model.bestScore ?? model.history[score]?.[model.rounds - 1];
  return value === undefined
    ? { state: 'failed', reason: `The rounds were not scored by ${score}` }
    : { state: 'complete', values: [value] };
}
