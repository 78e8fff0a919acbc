import { type BoostedModel, type BoostingRequest } from '../../application/gradient-booster.js';
import { trainBooster } from './train-booster.js';
import { type XgboostLibrary } from './xgboost-library.js';

export interface TrainControl {
  readonly threads: number;
  readonly isShard?: boolean;
  readonly isCancelled?: () => boolean;
  readonly onRound: (round: number, scores: Readonly<Record<string, number>>) => void;
}

/** One request of the trainer, from its arrays to the model that is stored: cut after the best round. */
export function trainModel(
  library: XgboostLibrary,
  request: BoostingRequest,
  control: TrainControl,
): BoostedModel {
  const { featureNames, validation } = request;
  const data = { ...request.train, featureNames };
  const trained = trainBooster(library, {
    parameters: request.parameters,
    rounds: request.rounds,
    threads: control.threads,
    data,
    evaluation: [
      { name: 'train', data },
      ...(validation ? [{ name: 'validation', data: { ...validation, featureNames } }] : []),
    ],
    ...(request.earlyStoppingRounds !== undefined &&
      validation && { earlyStopping: { rounds: request.earlyStoppingRounds, set: 'validation' } }),
    ...(request.continueFrom && { continueFrom: request.continueFrom }),
    ...(control.isShard !== undefined && { isShard: control.isShard }),
    ...(control.isCancelled && { isCancelled: control.isCancelled }),
    onRound: (round, scores) => {
      control.onRound(
        round,
        Object.fromEntries(scores.map(({ set, metric, value }) => [`${set}-${metric}`, value])),
      );
      return undefined;
    },
  });
  const { booster, best, stopped, history } = trained;
  try {
    const rounds = best === undefined ? booster.rounds : best.round + 1;
    const cut = booster.slice(0, rounds);
    try {
      return {
        json: cut.save('json'),
        rounds,
        bestScore: best?.score,
        stopped: stopped === 'early' ? 'early' : 'rounds',
        history,
        importance: cut.importance('total_gain'),
      };
    } finally {
      cut.free();
    }
  } finally {
    booster.free();
  }
}
