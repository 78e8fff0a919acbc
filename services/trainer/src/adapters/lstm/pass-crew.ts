import { Worker } from 'node:worker_threads';
import { workerFile } from '../worker-file.js';
import { AppError } from '@headrace/kernel';
import { type SequenceSettings } from '../../application/sequence-settings.js';
import { type NetworkShape } from './lstm-pass.js';
import { type ScaledSequences } from './learn-pass.js';

export class PassCrewLostError extends AppError {
  readonly code = 'TRAINER_LSTM_WORKER_FAILED';
  readonly kind = 'internal';
}

/** The batch that is worked on, in memory that all threads of a crew see. */
export interface CrewMemory {
  /** By `cell`. */
  readonly control: Int32Array;
  readonly batchWeight: Float64Array;
  /** All matrices of packed weights, one after another. */
  readonly parameters: Float32Array;
  /** [passes, parameters] */
  readonly gradients: Float64Array;
  /** [passes] */
  readonly losses: Float64Array;
  /** What a member that failed has to say, UTF-8, ended by 0. */
  readonly failure: Uint8Array;
}

/** Cells of `control`. `batch` counts batches from 1 and wakes the members; -1 sends them home. */
export const cell = { batch: 0, done: 1, failed: 2, epoch: 3, from: 4, to: 5 } as const;

export interface CrewWork {
  readonly memory: CrewMemory;
  readonly shape: NetworkShape;
  readonly settings: Pick<SequenceSettings, 'seed' | 'rowsPerPass' | 'distillation'>;
  readonly train: ScaledSequences;
  readonly sizes: readonly number[];
  /** This member does the passes `member`, `member + members`, ... of every batch. */
  readonly member: number;
  readonly members: number;
}

/** Longer than any batch, shorter than nobody's patience: a member that is silent for so long is lost. */
const lostAfterMs = 120_000;

/**
 * Threads that share the passes of each batch with the thread that trains, member 0. Every pass writes its gradient to a
 * place of its own, and the trainer adds them up in the order of the passes: the result has the same bits whatever the
 * number of threads. Both sides wait on shared memory, because a training does not turn its event loop.
 */
export class PassCrew {
  private constructor(
    readonly memory: CrewMemory,
    private readonly members: number,
  ) {}

  /** Starts `members - 1` threads beside the calling one. They begin to work when they are up. */
  static start(
    members: number,
    { train, ...rest }: Omit<CrewWork, 'memory' | 'member' | 'members'>,
    passes: number,
  ): PassCrew {
    const size = rest.sizes.reduce((sum, length) => sum + length, 0);
    const memory: CrewMemory = {
      control: new Int32Array(new SharedArrayBuffer(4 * Object.keys(cell).length)),
      batchWeight: new Float64Array(new SharedArrayBuffer(8)),
      parameters: new Float32Array(new SharedArrayBuffer(4 * size)),
      gradients: new Float64Array(new SharedArrayBuffer(8 * size * passes)),
      losses: new Float64Array(new SharedArrayBuffer(8 * passes)),
      failure: new Uint8Array(new SharedArrayBuffer(1000)),
    };
    const values = new Float32Array(new SharedArrayBuffer(train.values.byteLength));
    values.set(train.values);
    for (let member = 1; member < members; member += 1) {
      const work: CrewWork = { ...rest, train: { ...train, values }, memory, member, members };
      new Worker(workerFile(import.meta.url, 'pass-crew-worker.js'), { workerData: work, execArgv: [] });
    }
    return new PassCrew(memory, members);
  }

  /** Lets the others begin with a batch; the caller does its own passes and then calls `join`. */
  begin(
    batch: { readonly epoch: number; readonly from: number; readonly to: number; readonly weight: number },
    parameters: readonly Float32Array[],
  ): void {
    const { control, batchWeight } = this.memory;
    let at = 0;
    for (const values of parameters) {
      this.memory.parameters.set(values, at);
      at += values.length;
    }
    batchWeight[0] = batch.weight;
    Atomics.store(control, cell.epoch, batch.epoch);
    Atomics.store(control, cell.from, batch.from);
    Atomics.store(control, cell.to, batch.to);
    Atomics.store(control, cell.done, 0);
    Atomics.add(control, cell.batch, 1);
    Atomics.notify(control, cell.batch);
  }

  /** Waits until the others have done their passes of the batch. */
  join(): void {
    const { control } = this.memory;
    for (;;) {
      const done = Atomics.load(control, cell.done);
      if (Atomics.load(control, cell.failed) !== 0) {
        throw new PassCrewLostError(
          `A thread that shares the passes of the LSTM failed: ${Buffer.from(this.memory.failure).toString().split('\0', 1)[0] ?? ''}`,
        );
      }
      if (done >= this.members - 1) return;
      if (Atomics.wait(control, cell.done, done, lostAfterMs) === 'timed-out') {
        throw new PassCrewLostError(
          `A thread that shares the passes of the LSTM has been silent for ${lostAfterMs / 1000} s`,
        );
      }
    }
  }

  /** Where a pass writes its gradient. */
  gradientsOf(pass: number, sizes: readonly number[]): Float64Array[] {
    return matrices(this.memory.gradients, sizes, pass * this.memory.parameters.length);
  }

  close(): void {
    Atomics.store(this.memory.control, cell.batch, -1);
    Atomics.notify(this.memory.control, cell.batch);
  }
}

/** Views of the matrices that lie one after another from `from` on. */
export function matrices<T extends Float32Array | Float64Array>(
  flat: T,
  sizes: readonly number[],
  from = 0,
): T[] {
  let at = from;
  return sizes.map((size) => flat.subarray(at, (at += size)) as T);
}
