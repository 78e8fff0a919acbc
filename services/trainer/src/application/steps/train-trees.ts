import { describeLibrary, type GradientBooster } from '../gradient-booster.js';
import { type StepResult } from '../step-results.js';
import { type TrainingRun } from '../training-run.js';
import { labelledRowsOf } from './labelled-rows-of.js';

/** Trains on the first part of the set; the second decides when to stop. */
export async function trainTrees(
  run: TrainingRun,
  booster: GradientBooster,
  split: StepResult<'split'>,
): Promise<StepResult<'train'>> {
  const { plan } = run;
  const set = await run.set();
  const model = await booster.train(
    {
      parameters: plan.parameters,
      rounds: plan.rounds,
      ...(plan.earlyStoppingRounds !== undefined && { earlyStoppingRounds: plan.earlyStoppingRounds }),
      featureNames: set.featureNames,
      train: labelledRowsOf(set, split.train),
      validation: labelledRowsOf(set, split.validation),
    },
    { signal: run.signal, onRound: (progress) => run.report(progress) },
  );
  await run.reported();
  return {
    ...(await run.put('xgboost.json', model.json)),
    rounds: model.rounds,
    bestScore: model.bestScore ?? null,
    stopped: model.stopped,
    history: model.history as Record<string, number[]>,
    importance: model.importance,
    library: describeLibrary(booster.library),
  };
}
