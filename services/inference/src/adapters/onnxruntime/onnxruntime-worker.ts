import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describeError } from '@headrace/kernel';
import { type FromWorker, type ToWorker } from './worker-messages.js';

/** One session a worker: run() and create() block their thread, whatever their promises say. */
const port = parentPort;
if (port === null) throw new Error('This file runs as a worker thread');
const answer = (message: FromWorker): void => port.postMessage(message);

try {
  const session = await InferenceSession.create(workerData as Uint8Array, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 4,
  });
  port.on('message', (message: ToWorker) => {
    void run(session, message).then(answer, (error: unknown) =>
      answer({ kind: 'failed', id: message.id, reason: describeError(error) }),
    );
  });
  answer({ kind: 'opened' });
} catch (error) {
  answer({ kind: 'refused', reason: describeError(error) });
}

async function run(session: InferenceSession, { id, inputs }: ToWorker): Promise<FromWorker> {
  const feeds = Object.entries(inputs).map(
    ([name, { values, shape }]) => [name, new Tensor('float32', values, shape)] as const,
  );
  const results = await session.run(Object.fromEntries(feeds));
  const outputs = Object.entries(results).flatMap(([name, { data }]) =>
    data instanceof Float32Array ? [[name, data] as const] : [],
  );
  return { kind: 'answered', id, outputs };
}
