import { finiteOrNull } from '@headrace/kernel';
import { z } from 'zod';
import { ask } from '../../domain/search/ask.js';
import { openTrial } from '../../domain/search/study/open-trial.js';
import { parameterImportances } from '../../domain/search/importance/parameter-importances.js';
import { readStudy, writeStudy } from '../../domain/search/study/study-document.js';
import { bestTrial, startStudy, type Study } from '../../domain/search/study/study.js';
import { type Direction, type Trial } from '../../domain/search/study/trial.js';
import { type GradientBooster } from '../gradient-booster.js';
import { firstTrialValues, spaceOf, trialParameters, type SearchPlan } from '../search-plan.js';
import { stepResults, type StepResult } from '../step-results.js';
import { type TrainingRun } from '../training-run.js';
import { trialCompletedEvent } from '../trial-completed-event.js';
import { isMaximised, type XgboostParameters } from '../xgboost-parameters.js';
import { boostingRequest } from './boosting-request.js';
import { runTrial } from './run-trial.js';
import { keepTrees } from './train-trees.js';

/** All that a search goes on from after a kill, stored with the end of each trial. */
const checkpoint = z.object({
  study: z.string().transform(readStudy),
  /** Time of the trials that have ended. */
  spentMs: z.number(),
  /** The model of the best of them. */
  kept: z.object({ trial: z.number(), trees: stepResults.train }).nullable(),
});
type Checkpoint = z.output<typeof checkpoint>;

/**
 * Searches better parameters than the plan's own in the plan's space, by TPE. The plan's own are the first trial, so
 * what is found is never worse than they are, by the search's own measure: the last `eval_metric` on the part of the
 * set that also stops each trial early.
 *
 * That measure flatters. The best of many trials is in part the luckiest on these rows, and the more trials, the more of
 * it. Therefore no row of the hold-out is seen here, and the gate judges what was found on the hold-out alone; the
 * value of the best trial is evidence for nothing but the order of trials. Early stopping on the same rows keeps every
 * trial as short as they justify, so that trials differ by their parameters and not by how long they were allowed to
 * overfit.
 *
 * The study, the best model so far and the fact about the trial are stored together when a trial ends. After a kill the
 * study goes on from there: what is suggested next follows from it alone, and only the trial that was interrupted is
 * trained again. The model of the best trial is kept, not trained twice.
 */
export async function searchParameters(
  run: TrainingRun,
  booster: GradientBooster,
  split: StepResult<'split'>,
  search: SearchPlan,
): Promise<StepResult<'search'>> {
  const { plan } = run;
  const measure = measureOf(plan.parameters);
  const score = `validation-${measure.metric}`;
  const request = boostingRequest(plan, await run.set(), split);
  const stored = run.checkpointOf('search');
  let state: Checkpoint = stored === undefined ? begin(run, search, measure) : checkpoint.parse(stored);
  while (!isOver(state, search)) {
    const opened = nextTrial(state.study, search, plan.parameters);
    if (opened === undefined) break;
    const { number } = opened.trial;
    const startedAt = run.now();
    const ended = await runTrial(opened.study, number, {
      booster,
      request: { ...request, parameters: trialParameters(search, plan.parameters, opened.trial) },
      score,
      signal: run.signal,
      onRound: (progress) => run.report({ ...progress, trial: number, trials: search.trials }),
    });
    await run.reported();
    const finishedAt = run.now();
    const isBest = ended.model !== undefined && bestTrial(ended.study)?.number === number;
    state = {
      study: ended.study,
      spentMs: state.spentMs + finishedAt.getTime() - startedAt.getTime(),
      kept: isBest
        ? { trial: number, trees: await keepTrees(run, booster, ended.model, `trials/${number}.json`) }
        : state.kept,
    };
    await run.checkpoint('search', { ...state, study: writeStudy(state.study) }, [
      trialCompletedEvent(run, ended.trial, { metric: score, startedAt, finishedAt }),
    ]);
  }
  if (state.kept !== null) await run.deleteAllBut('trials/', state.kept.trees.key);
  return conclude(run, state, measure);
}

interface Measure {
  readonly metric: string;
  readonly direction: Direction;
}

/** Plans that search name a metric; `searchFaults` has seen to it. */
function measureOf({ eval_metric: metrics = [] }: XgboostParameters): Measure {
  const metric = metrics.at(-1) ?? '';
  return { metric, direction: isMaximised(metric) ? 'maximize' : 'minimize' };
}

function begin(run: TrainingRun, search: SearchPlan, { direction }: Measure): Checkpoint {
  const study = startStudy({
    name: run.training.modelName,
    space: spaceOf(search),
    directions: [direction],
    sampler: { kind: 'tpe', startupTrials: search.startupTrials },
    pruner: search.pruner as Study['pruner'],
    seed: search.seed,
  });
  return { study, spentMs: 0, kept: null };
}

function isOver({ study, spentMs }: Checkpoint, { trials, timeLimitSeconds }: SearchPlan): boolean {
  return study.trials.length >= trials || spentMs >= (timeLimitSeconds ?? Infinity) * 1000;
}

function nextTrial(
  study: Study,
  search: SearchPlan,
  own: XgboostParameters,
): ReturnType<typeof openTrial> | undefined {
  if (study.trials.length === 0) return openTrial(study, firstTrialValues(search, own));
  const asked = ask(study);
  return asked.outcome === 'suggested' ? asked : undefined;
}

async function conclude(
  run: TrainingRun,
  { study, spentMs, kept }: Checkpoint,
  { metric, direction }: Measure,
): Promise<StepResult<'search'>> {
  const count = (state: Trial['state']): number =>
    study.trials.filter((trial) => trial.state === state).length;
  return {
    study: await run.put('study.json', Buffer.from(writeStudy(study))),
    metric,
    direction,
    trials: { complete: count('complete'), pruned: count('pruned'), failed: count('failed') },
    spentMs,
    ownValue: valueOf(study.trials[0]),
    best:
      kept === null
        ? null
        : {
            trial: kept.trial,
            value: valueOf(study.trials[kept.trial]),
            parameters: { ...study.trials[kept.trial]?.parameters },
            trees: kept.trees,
          },
    importances: Object.fromEntries(parameterImportances(study) ?? []),
  };
}

/** Null: the trial has no value, or one that JSON cannot hold. */
function valueOf(trial: Trial | undefined): number | null {
  const [value] = trial?.state === 'complete' ? trial.values : [];
  return finiteOrNull(value);
}
