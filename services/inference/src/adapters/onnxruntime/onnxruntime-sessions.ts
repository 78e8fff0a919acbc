import { Worker } from 'node:worker_threads';
import { AppError } from '@headrace/kernel';
import { type CheckedModel } from '@headrace/onnx';
import { Injectable } from '@nestjs/common';
import { GraphRuntime, GraphSession, type GraphInput } from '../../application/ports.js';
import { type FromWorker, type ToWorker } from './worker-messages.js';

/** onnxruntime does not take the model or a run of it. */
export class OnnxruntimeRefusedError extends AppError {
  readonly code = 'INFERENCE_ONNXRUNTIME_REFUSED';
  readonly kind = 'invalid';

  constructor(reason: string) {
    super(`onnxruntime refuses the model: ${reason}`);
  }
}

/** The worker ended or did not answer in time; the session is gone. */
export class OnnxruntimeLostError extends AppError {
  readonly code = 'INFERENCE_ONNXRUNTIME_LOST';
  readonly kind = 'internal';

  constructor(reason: string) {
    super(`The session of onnxruntime is lost: ${reason}`);
  }
}

const openTimeoutMs = 60_000;
const runTimeoutMs = 10_000;

/** The compiled worker: a thread cannot load TypeScript, so from the sources it is found beside them in dist. */
function workerUrl(): URL {
  const here = import.meta.url;
  if (!here.endsWith('.ts')) return new URL('onnxruntime-worker.js', here);
  const end = here.lastIndexOf('/src/');
  return new URL('onnxruntime-worker.js', `${here.slice(0, end)}/dist/${here.slice(end + 5)}`);
}

/** Sessions of onnxruntime, each on a thread of its own. */
@Injectable()
export class OnnxruntimeSessions extends GraphRuntime {
  async open(model: CheckedModel): Promise<GraphSession> {
    const worker = new Worker(workerUrl(), { workerData: model.bytes, env: {}, execArgv: [] });
    const session = new WorkerSession(worker);
    try {
      await session.opened;
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }
}

interface PendingRun {
  readonly resolve: (outputs: ReadonlyMap<string, Float32Array>) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

class WorkerSession extends GraphSession {
  readonly opened: Promise<void>;
  private readonly pending = new Map<number, PendingRun>();
  private nextId = 0;
  private lost: OnnxruntimeLostError | undefined;

  constructor(private readonly worker: Worker) {
    super();
    this.opened = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new OnnxruntimeLostError(`it did not open within ${openTimeoutMs} ms`));
      }, openTimeoutMs);
      const failed = (error: Error): void => {
        clearTimeout(timer);
        reject(error);
      };
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'opened') {
          clearTimeout(timer);
          resolve();
        } else if (message.kind === 'refused') failed(new OnnxruntimeRefusedError(message.reason));
        else this.settle(message);
      });
      worker.on('error', (error: Error) => failed(this.fail(error.message)));
      worker.on('exit', (code) => failed(this.fail(`its thread ended with code ${code}`)));
    });
  }

  run(inputs: Readonly<Record<string, GraphInput>>): Promise<ReadonlyMap<string, Float32Array>> {
    if (this.lost !== undefined) return Promise.reject(this.lost);
    const id = (this.nextId += 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.fail(`a run took longer than ${runTimeoutMs} ms`);
        void this.worker.terminate();
      }, runTimeoutMs);
      this.pending.set(id, { resolve, reject, timer });
      this.worker.postMessage({ id, inputs } satisfies ToWorker);
    });
  }

  async close(): Promise<void> {
    this.fail('it was closed');
    await this.worker.terminate();
  }

  private settle(message: Extract<FromWorker, { id: number }>): void {
    const waiting = this.pending.get(message.id);
    if (waiting === undefined) return;
    this.pending.delete(message.id);
    clearTimeout(waiting.timer);
    if (message.kind === 'answered') waiting.resolve(new Map(message.outputs));
    else waiting.reject(new OnnxruntimeRefusedError(message.reason));
  }

  private fail(reason: string): OnnxruntimeLostError {
    this.lost ??= new OnnxruntimeLostError(reason);
    for (const { reject, timer } of this.pending.values()) {
      clearTimeout(timer);
      reject(this.lost);
    }
    this.pending.clear();
    return this.lost;
  }
}
