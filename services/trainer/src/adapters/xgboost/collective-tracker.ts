import { NativeHandle } from './native-handle.js';
import { slot, taken, type Pointer, type XgboostLibrary } from './xgboost-library.js';

export interface TrackerOptions {
  readonly workers: number;
  /** The address that workers reach, which is the one that is listened on. */
  readonly host: string;
  /** Default: one that is free. */
  readonly port?: number;
  /** The longest wait for all workers to come, and for all to leave. */
  readonly timeoutSeconds: number;
}

/** What a worker is told to find the others; JSON for XGBoost's communicator. */
export type WorkerArguments = Readonly<Record<string, string | number>>;

/**
 * XGBoost's tracker: introduces the workers of one training to each other and hands out their ranks. It runs in threads
 * of the library; the sums of the training do not go through it.
 */
export class CollectiveTracker {
  private constructor(
    private readonly library: XgboostLibrary,
    private readonly handle: NativeHandle,
  ) {}

  static start(library: XgboostLibrary, options: TrackerOptions): CollectiveTracker {
    const handle = slot<Pointer>();
    library.call(
      'XGTrackerCreate',
      JSON.stringify({
        dmlc_communicator: 'rabit',
        n_workers: options.workers,
        host: options.host,
        port: options.port ?? 0,
        // By the name of the task and not by host: the ranks are then those of the shards.
        sortby: 1,
        timeout: options.timeoutSeconds,
      }),
      handle,
    );
    const owned = new NativeHandle(library, 'tracker', taken(handle, 'XGTrackerCreate'));
    const tracker = new CollectiveTracker(library, owned);
    try {
      library.call('XGTrackerRun', owned.pointer, '{}');
    } catch (error) {
      tracker.free();
      throw error;
    }
    return tracker;
  }

  get workerArguments(): WorkerArguments {
    const json = slot<string>();
    this.library.call('XGTrackerWorkerArgs', this.handle.pointer, json);
    return JSON.parse(taken(json, 'XGTrackerWorkerArgs')) as WorkerArguments;
  }

  /** Blocks this thread until all workers have left; throws when one failed or the time is over. */
  wait(timeoutSeconds: number): void {
    this.library.call('XGTrackerWaitFor', this.handle.pointer, JSON.stringify({ timeout: timeoutSeconds }));
  }

  /** Idempotent. Workers that are still there lose their tracker. */
  free(): void {
    this.handle.free();
  }
}

/** This thread as one worker of a training in many processes, while `work` runs: XGBoost keeps its place by thread. */
export function asWorker<T>(
  library: XgboostLibrary,
  options: {
    readonly arguments: WorkerArguments;
    readonly shard: number;
    /** The longest wait for another worker's part of a sum. */
    readonly timeoutSeconds: number;
  },
  work: (rank: number, workers: number) => T,
): T {
  library.call(
    'XGCommunicatorInit',
    JSON.stringify({
      dmlc_communicator: 'rabit',
      ...options.arguments,
      // XGBoost sorts these as texts.
      dmlc_task_id: String(options.shard).padStart(6, '0'),
      dmlc_timeout: options.timeoutSeconds,
    }),
  );
  const result = work(
    library.answer('XGCommunicatorGetRank') as number,
    library.answer('XGCommunicatorGetWorldSize') as number,
  );
  // Not in a `finally`: leaving waits for the others, and after a failure they wait for this one. The process ends.
  library.call('XGCommunicatorFinalize');
  return result;
}
