import { parentPort, workerData } from 'node:worker_threads';
import { describeError, isAppError } from '@headrace/kernel';
import { Booster } from './booster.js';
import { DMatrix } from './d-matrix.js';
import { trainBooster } from './train-booster.js';
import { XgboostLibrary } from './xgboost-library.js';
import { type XgboostAnswer, type XgboostWork } from './xgboost-work.js';

const answer = (message: XgboostAnswer): void => parentPort?.postMessage(message);

function train(library: XgboostLibrary, work: XgboostWork & { kind: 'train' }): XgboostAnswer {
  const { request, threads, cancelled } = work;
  const featureNames = request.featureNames;
  const data = { ...request.train, featureNames };
  const evaluation = [
    { name: 'train', data },
    ...(request.validation ? [{ name: 'validation', data: { ...request.validation, featureNames } }] : []),
  ];
  const trained = trainBooster(library, {
    parameters: request.parameters,
    rounds: request.rounds,
    threads,
    data,
    evaluation,
    ...(request.earlyStoppingRounds !== undefined &&
      request.validation && { earlyStopping: { rounds: request.earlyStoppingRounds, set: 'validation' } }),
    ...(request.continueFrom && { continueFrom: request.continueFrom }),
    isCancelled: () => Atomics.load(cancelled, 0) !== 0,
    onRound: (round, scores) => {
      answer({
        kind: 'round',
        round,
        scores: Object.fromEntries(scores.map(({ set, metric, value }) => [`${set}-${metric}`, value])),
      });
      return undefined;
    },
  });
  const rounds = trained.best === undefined ? trained.booster.rounds : trained.best.round + 1;
  const best = trained.booster.slice(0, rounds);
  try {
    return {
      kind: 'trained',
      model: {
        json: best.save('json'),
        rounds,
        bestScore: trained.best?.score,
        stopped: trained.stopped === 'early' ? 'early' : 'rounds',
        history: trained.history,
        importance: best.importance('total_gain'),
      },
    };
  } finally {
    best.free();
    trained.booster.free();
  }
}

function predict(library: XgboostLibrary, work: XgboostWork & { kind: 'predict' }): XgboostAnswer {
  const booster = Booster.load(library, work.model);
  try {
    booster.setParameters({ nthread: work.threads });
    const matrix = DMatrix.from(library, work.rows, { threads: work.threads });
    try {
      return { kind: 'predicted', values: booster.predict(matrix, { kind: work.prediction }).values };
    } finally {
      matrix.free();
    }
  } finally {
    booster.free();
  }
}

const work = workerData as XgboostWork;
try {
  const library = XgboostLibrary.load(work.libraryPath);
  answer(work.kind === 'train' ? train(library, work) : predict(library, work));
} catch (error) {
  answer({
    kind: 'failed',
    code: isAppError(error) ? error.code : 'TRAINER_XGBOOST_WORKER_FAILED',
    errorKind: isAppError(error) ? error.kind : 'internal',
    message: describeError(error),
    trace: error instanceof Error ? error.stack : undefined,
  });
}
