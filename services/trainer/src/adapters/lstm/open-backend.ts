import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { AppError } from '@headrace/kernel';

export class TensorBackendUnavailableError extends AppError {
  readonly code = 'TRAINER_TENSOR_BACKEND_UNAVAILABLE';
  readonly kind = 'unsupported';
}

/**
 * Makes tensorflow.js compute in WebAssembly, with SIMD where the processor has it. The binary is the one of the package:
 * nothing is fetched. One thread: tensorflow.js switches its threaded binary off in Node
 * (https://github.com/tensorflow/tfjs/issues/3830); threads share the passes of a batch instead, see BatchLearner.
 *
 * Its registry of backends is global. Call it in a thread that does nothing else.
 */
export async function openWasmBackend(): Promise<void> {
  // Without it some backends advertise others on the console; it also leaves out checks that are for developers.
  tf.enableProdMode();
  if (!(await tf.setBackend('wasm'))) {
    throw new TensorBackendUnavailableError(
      'tensorflow.js could not start its WebAssembly backend; reinstall @tensorflow/tfjs-backend-wasm',
    );
  }
}
