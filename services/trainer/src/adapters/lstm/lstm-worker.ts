import { parentPort, workerData } from 'node:worker_threads';
import { describeError, isAppError } from '@headrace/kernel';
import { type LstmAnswer, type LstmWork } from './lstm-work.js';
import { openWasmBackend } from './open-backend.js';
import { predictLstm } from './predict-lstm.js';
import { trainLstm } from './train-lstm.js';

const answer = (message: LstmAnswer): void => parentPort?.postMessage(message);

function train(work: LstmWork & { kind: 'train' }): LstmAnswer {
  const model = trainLstm(work.request, {
    isCancelled: () => Atomics.load(work.cancelled, 0) !== 0,
    onEpoch: (progress) => answer({ kind: 'epoch', progress }),
    checkpointEverySteps: work.checkpointEverySteps,
    threads: work.threads,
    ...(work.wantsCheckpoints && { onCheckpoint: (bytes) => answer({ kind: 'checkpoint', bytes }) }),
  });
  return { kind: 'trained', model };
}

const work = workerData as LstmWork;
try {
  await openWasmBackend();
  answer(
    work.kind === 'train'
      ? train(work)
      : { kind: 'predicted', probabilities: predictLstm(work.weights, work.values) },
  );
} catch (error) {
  answer({
    kind: 'failed',
    code: isAppError(error) ? error.code : 'TRAINER_LSTM_WORKER_FAILED',
    errorKind: isAppError(error) ? error.kind : 'internal',
    message: describeError(error),
    trace: error instanceof Error ? error.stack : undefined,
  });
}
