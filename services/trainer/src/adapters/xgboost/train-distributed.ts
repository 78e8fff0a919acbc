import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AppError, type ErrorKind } from '@headrace/kernel';
import {
  type BoostedModel,
  type BoostingRequest,
  type LabelledRows,
  type RoundProgress,
} from '../../application/gradient-booster.js';
import { type WorkerArguments } from './collective-tracker.js';
import { type CollectiveAnswer, type CollectiveWork } from './collective-work.js';
import { cancelledAfter, requireTwoClasses, TrainingDataError } from './train-booster.js';
import { XgboostWorkError } from './xgboost-work-error.js';

/** A process of the training is gone: killed, out of memory, crashed. The same training may succeed. */
export class CollectiveProcessLostError extends AppError {
  readonly code = 'TRAINER_COLLECTIVE_PROCESS_LOST';
  readonly kind = 'unavailable';

  constructor(what: string, how: string, said: string) {
    super(
      `The ${what} of a distributed training ended by ${how} before its answer, and the others cannot go on without it${said === '' ? '' : `; it said: ${said}`}`,
    );
  }
}

export class CollectiveDisagreementError extends AppError {
  readonly code = 'TRAINER_COLLECTIVE_DISAGREES';
  readonly kind = 'internal';

  constructor(models: number) {
    super(`The workers of one distributed training made ${models} different models`);
  }
}

export interface DistributedTraining {
  readonly libraryPath: string;
  readonly workers: number;
  readonly threadsPerWorker: number;
  /** The address of this machine that the workers reach. Default: the loopback. */
  readonly host?: string;
  /** The longest wait for a worker to come or to answer. Default 300. */
  readonly timeoutSeconds?: number;
  /** Told about each process as it starts. */
  readonly onProcess?: (what: string, id: number) => void;
}

/**
 * One model over many processes by XGBoost's own collective: each has a part of the rows, all of them grow the same
 * trees from the summed histograms. A tracker in a process of its own introduces them to each other. Needs XGBoost 2.1.
 *
 * The processes are killed when one of them fails, when the signal aborts and when this returns: the native side has no
 * state that somebody would want back. What is left of the training is its answer.
 */
export async function trainDistributed(
  training: DistributedTraining,
  request: BoostingRequest,
  control: { readonly signal?: AbortSignal; readonly onRound?: (progress: RoundProgress) => void } = {},
): Promise<BoostedModel> {
  const { libraryPath, workers, threadsPerWorker: threads } = training;
  const timeoutSeconds = training.timeoutSeconds ?? 300;
  requireTwoClasses(request.parameters, request.train);
  const shards = shardsOf(request, workers);
  const processes = new Set<ChildProcess>();
  const start = (
    what: string,
    work: CollectiveWork,
    onAnswer: (answer: CollectiveAnswer) => void,
  ): Promise<void> => {
    const child = startProcess();
    processes.add(child);
    child.once('close', () => processes.delete(child));
    if (child.pid !== undefined) training.onProcess?.(what, child.pid);
    return perform(child, what, work, onAnswer);
  };
  let rounds = 0;
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(cancelledAfter(rounds));
    if (control.signal?.aborted === true) abort();
    else control.signal?.addEventListener('abort', abort, { once: true });
  });
  // Nobody listens any more when the training ended before.
  aborted.catch(() => undefined);
  try {
    const trained: Extract<CollectiveAnswer, { kind: 'trained' }>[] = [];
    let tracked: Promise<void> | undefined;
    const tracking = new Promise<WorkerArguments>((resolve, reject) => {
      const tracker = { workers, host: training.host ?? '127.0.0.1', timeoutSeconds };
      const work: CollectiveWork = { kind: 'track', libraryPath, tracker, waitSeconds: 2 ** 30 };
      tracked = start('tracker', work, (answer) => {
        if (answer.kind === 'tracking') resolve(answer.arguments);
      });
      tracked.catch(reject);
    });
    const found = await Promise.race([tracking, aborted]);
    const working = shards.map((shard, index) =>
      start(
        `worker ${index} of ${workers}`,
        {
          kind: 'train',
          libraryPath,
          threads,
          arguments: found,
          shard: index,
          timeoutSeconds,
          request: shard,
        },
        (answer) => {
          if (answer.kind === 'trained') trained.push(answer);
          if (answer.kind !== 'round') return;
          rounds += 1;
          control.onRound?.({ round: answer.round, rounds: request.rounds, scores: answer.scores });
        },
      ),
    );
    await Promise.race([Promise.all([tracked, ...working]), aborted]);
    const digests = new Set(trained.map(({ digest }) => digest));
    const model = trained.find(({ rank }) => rank === 0)?.model;
    if (digests.size !== 1 || model === undefined) throw new CollectiveDisagreementError(digests.size);
    return model;
  } finally {
    if (abort !== undefined) control.signal?.removeEventListener('abort', abort);
    for (const running of processes) running.kill('SIGKILL');
  }
}

function startProcess(): ChildProcess {
  // Without this process's arguments: those of a test runner would make the process load TypeScript.
  return fork(processFile(), [], {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

/** Resolves when the process ended after its last answer. The end of what it wrote to its error stream goes into the error. */
function perform(
  child: ChildProcess,
  what: string,
  work: CollectiveWork,
  onAnswer: (answer: CollectiveAnswer) => void,
): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-2048);
  });
  return new Promise<void>((resolve, reject) => {
    let isDone = false;
    child.on('message', (message) => {
      const answer = message as CollectiveAnswer;
      if (answer.kind === 'failed') {
        reject(
          new XgboostWorkError(answer.code, answer.errorKind as ErrorKind, answer.message, answer.trace),
        );
      } else onAnswer(answer);
      isDone ||= answer.kind === 'trained' || answer.kind === 'tracked';
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (isDone) resolve();
      else reject(new CollectiveProcessLostError(what, signal ?? `code ${code ?? 'unknown'}`, said.trim()));
    });
    child.send(work);
  });
}

/** The request of each worker: rows in their order, as evenly as they divide. */
function shardsOf(request: BoostingRequest, workers: number): BoostingRequest[] {
  return Array.from({ length: workers }, (_, shard) => ({
    ...request,
    train: shardOf(request.train, shard, workers),
    ...(request.validation && { validation: shardOf(request.validation, shard, workers) }),
  }));
}

function shardOf(rows: LabelledRows, shard: number, workers: number): LabelledRows {
  if (rows.rows < workers) {
    throw new TrainingDataError(`${rows.rows} rows are too few for ${workers} workers; ask for fewer`);
  }
  const begin = Math.floor((rows.rows * shard) / workers);
  const end = Math.floor((rows.rows * (shard + 1)) / workers);
  return {
    // `slice`, also because shared memory does not travel to another process.
    values: rows.values.slice(begin * rows.columns, end * rows.columns),
    rows: end - begin,
    columns: rows.columns,
    label: rows.label.slice(begin, end),
    ...(rows.weight && { weight: rows.weight.slice(begin, end) }),
  };
}

function processFile(): string {
  return fileURLToPath(import.meta.url)
    .replace(/([\\/])src([\\/]adapters[\\/]xgboost[\\/])/, '$1dist$2')
    .replace(/train-distributed\.[jt]s$/, 'collective-process.js');
}
