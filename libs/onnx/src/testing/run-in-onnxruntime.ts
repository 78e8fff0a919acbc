import { InferenceSession, Tensor } from 'onnxruntime-node';

/** Runs a model as the services do: one thread, in order. */
export async function openInOnnxruntime(
  bytes: Uint8Array,
  columns: number,
): Promise<(features: Float32Array, rows: number) => Promise<Float32Array>> {
  const session = await InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 4,
  });
  return async (features, rows) => {
    const answer = await session.run({ features: new Tensor('float32', features, [rows, columns]) });
    return answer['probability']?.data as Float32Array;
  };
}
