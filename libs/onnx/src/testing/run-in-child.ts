import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** The outcome for one model: its answers, or why onnxruntime rejected it. */
export type ChildOutcome =
  | { readonly index: number; readonly outcome: 'ran'; readonly probability: readonly (number | null)[] }
  | { readonly index: number; readonly outcome: 'refused'; readonly reason: string };

export interface ChildRun {
  readonly outcomes: readonly ChildOutcome[];
  /** Exit code or signal; 0 when every model was tried. */
  readonly ended: number | string;
}

/** Plain JavaScript, because a child process cannot load TypeScript. One line of JSON a model, written before the next. */
const program = `
import { InferenceSession, Tensor } from 'onnxruntime-node';
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const models = JSON.parse(Buffer.concat(chunks).toString());
for (const [index, { bytes, inputs }] of models.entries()) {
  let line;
  try {
    const session = await InferenceSession.create(Buffer.from(bytes, 'base64'), {
      intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', logSeverityLevel: 4,
    });
    const feeds = inputs.map(({ name, values, shape }) =>
      [name, new Tensor('float32', Float32Array.from(values, (value) => value ?? NaN), shape)]);
    const outputs = await session.run(Object.fromEntries(feeds));
    await session.release();
    line = { index, outcome: 'ran', probability: [...outputs.probability.data] };
  } catch (error) {
    line = { index, outcome: 'refused', reason: String(error) };
  }
  await new Promise((resolve) => process.stdout.write(JSON.stringify(line) + '\\n', resolve));
}
`;

export interface ChildModel {
  readonly bytes: Uint8Array;
  readonly inputs: readonly {
    readonly name: string;
    readonly values: Float32Array;
    readonly shape: readonly number[];
  }[];
}

/**
 * Runs models in onnxruntime in a child process: a model that crashes or hangs is detected without ending the test. Without an
 * answer for `silenceMs` the child is killed; that is far more than a busy machine needs to start a process.
 */
export function runInChild(models: readonly ChildModel[], silenceMs = 90_000): Promise<ChildRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let text = '';
    const watch = setTimeout(() => child.kill('SIGKILL'), silenceMs);
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      watch.refresh();
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(watch);
      const outcomes = text
        .split('\n')
        .filter((line) => line.endsWith('}'))
        .map((line) => JSON.parse(line) as ChildOutcome);
      resolve({ outcomes, ended: signal ?? code ?? 'unknown' });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(
      JSON.stringify(
        models.map(({ bytes, inputs }) => ({
          bytes: Buffer.from(bytes).toString('base64'),
          inputs: inputs.map(({ values, ...rest }) => ({
            ...rest,
            values: Array.from(values, (value) => (Number.isNaN(value) ? null : value)),
          })),
        })),
      ),
    );
  });
}
