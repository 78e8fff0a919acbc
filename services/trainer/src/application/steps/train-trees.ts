import { finiteOrNull } from '@headrace/kernel';
import { describeLibrary, type BoostedModel, type GradientBooster } from '../gradient-booster.js';
import { storedNumbers, type StepResult } from '../step-results.js';
import { type TrainingRun } from '../training-run.js';
import { boostingRequest } from './boosting-request.js';

/** Trains with the plan's own parameters. */
export async function trainTrees(
  run: TrainingRun,
  booster: GradientBooster,
  split: StepResult<'split'>,
): Promise<StepResult<'train'>> {
  const model = await booster.train(boostingRequest(run.plan, await run.set(), split), {
    signal: run.signal,
    onRound: (progress) => run.report(progress),
  });
  await run.reported();
  return keepTrees(run, booster, model, 'xgboost.json');
}

/** Stores a model under this name in the run, and says how it was trained. */
export async function keepTrees(
  run: TrainingRun,
  booster: GradientBooster,
  model: BoostedModel,
  name: string,
): Promise<StepResult<'train'>> {
  return {
    ...(await run.put(name, model.json)),
    rounds: model.rounds,
    bestScore: finiteOrNull(model.bestScore),
    stopped: model.stopped,
    history: Object.fromEntries(
      Object.entries(model.history).map(([score, values]) => [score, values.map(finiteOrNull)]),
    ),
    importance: storedNumbers(model.importance),
    library: describeLibrary(booster.library),
  };
}
