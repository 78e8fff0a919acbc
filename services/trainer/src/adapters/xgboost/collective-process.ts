import { createHash } from 'node:crypto';
import { describeError, isAppError } from '@headrace/kernel';
import { asWorker, CollectiveTracker } from './collective-tracker.js';
import { type CollectiveAnswer, type CollectiveWork } from './collective-work.js';
import { trainModel } from './train-model.js';
import { XgboostLibrary } from './xgboost-library.js';

const answer = (message: CollectiveAnswer): void => {
  process.send?.(message);
};

function track(library: XgboostLibrary, work: CollectiveWork & { kind: 'track' }): CollectiveAnswer {
  const tracker = CollectiveTracker.start(library, work.tracker);
  try {
    answer({ kind: 'tracking', arguments: tracker.workerArguments });
    tracker.wait(work.waitSeconds);
    return { kind: 'tracked' };
  } finally {
    tracker.free();
  }
}

function train(library: XgboostLibrary, work: CollectiveWork & { kind: 'train' }): CollectiveAnswer {
  return asWorker(library, work, (rank, workers) => {
    const model = trainModel(library, work.request, {
      threads: work.threads,
      isShard: true,
      onRound: (round, scores) => {
        if (rank === 0) answer({ kind: 'round', round, scores });
      },
    });
    return {
      kind: 'trained',
      rank,
      workers,
      digest: createHash('sha256').update(model.json).digest('hex'),
      model: rank === 0 ? model : undefined,
    };
  });
}

function perform(work: CollectiveWork): CollectiveAnswer {
  try {
    const library = XgboostLibrary.load(work.libraryPath);
    return work.kind === 'track' ? track(library, work) : train(library, work);
  } catch (error) {
    return {
      kind: 'failed',
      code: isAppError(error) ? error.code : 'TRAINER_XGBOOST_WORKER_FAILED',
      errorKind: isAppError(error) ? error.kind : 'internal',
      message: describeError(error),
      trace: error instanceof Error ? error.stack : undefined,
    };
  }
}

/** One process of a distributed training: gets its work as the first message, and ends after its answer. */
process.once('message', (work: CollectiveWork) => {
  const last = perform(work);
  // Everything that waits in the channel leaves before the process does.
  process.send?.(last, () => process.exit(last.kind === 'failed' ? 1 : 0));
});
