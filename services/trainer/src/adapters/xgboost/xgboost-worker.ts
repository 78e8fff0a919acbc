import { parentPort, workerData } from 'node:worker_threads';
import { describeError, isAppError } from '@headrace/kernel';
import { Booster } from './booster.js';
import { DMatrix } from './d-matrix.js';
import { trainModel } from './train-model.js';
import { XgboostLibrary } from './xgboost-library.js';
import { type XgboostAnswer, type XgboostWork } from './xgboost-work.js';

const answer = (message: XgboostAnswer): void => parentPort?.postMessage(message);

function train(library: XgboostLibrary, work: XgboostWork & { kind: 'train' }): XgboostAnswer {
  const model = trainModel(library, work.request, {
    threads: work.threads,
    isCancelled: () => Atomics.load(work.cancelled, 0) !== 0,
    onRound: (round, scores) => answer({ kind: 'round', round, scores }),
  });
  return { kind: 'trained', model };
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
