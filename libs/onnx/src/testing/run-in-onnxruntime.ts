import { InferenceSession, Tensor } from 'onnxruntime-node';

/** Runs any model once with these float32 inputs and answers all its outputs. */
export async function runGraph(
  bytes: Uint8Array,
  inputs: Readonly<Record<string, { readonly values: Float32Array; readonly shape: readonly number[] }>>,
): Promise<Readonly<Record<string, readonly number[]>>> {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 4 });
  const feeds = Object.entries(inputs).map(
    ([name, { values, shape }]) => [name, new Tensor('float32', values, shape)] as const,
  );
  const outputs = await session.run(Object.fromEntries(feeds));
  await session.release();
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { data }]) => [name, [...(data as Float32Array)]]),
  );
}

/** Runs a model as the services do: one thread, in order. */
export async function openInOnnxruntime(
  bytes: Uint8Array,
  columns: number,
  output = 'probability',
): Promise<(features: Float32Array, rows: number) => Promise<Float32Array>> {
  const session = await InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 4,
  });
  return async (features, rows) => {
    const answer = await session.run({ features: new Tensor('float32', features, [rows, columns]) });
    return answer[output]?.data as Float32Array;
  };
}
