import { SeededRandom } from '@headrace/kernel';
import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { boundSizes } from './bound-sizes.js';
import { intAttribute, intsAttribute } from '../build/attributes.js';
import { buildLstmModel } from '../build/build-lstm-model.js';
import { GraphBuilder } from '../build/graph-builder.js';
import { checkModel } from './check-model.js';
import { randomLstm } from '../testing/lstm-by-hand.js';
import { runGraph } from '../testing/run-in-onnxruntime.js';

const inputs = [{ name: 'features', shape: [-1, 4] }];

function graphOf(build: (graph: GraphBuilder) => void): Uint8Array {
  const graph = new GraphBuilder('sizes');
  graph.input('features', ['n', 4]);
  build(graph);
  graph.output('out', []);
  return graph.finish({});
}

function bound(bytes: Uint8Array, maxTensorElements: number): () => void {
  const { graph } = onnxProto.onnx.ModelProto.decode(bytes);
  return () => boundSizes(graph!, inputs, { maxTensorElements });
}

const lines = (count: number): Float32Array => new Float32Array(count).fill(1);

describe('boundSizes', () => {
  const exact: readonly (readonly [string, (graph: GraphBuilder) => void])[] = [
    [
      'Add of a column and a row',
      (g) => g.node('Add', ['features', g.floats('c', [5, 1, 4], lines(20))], 'out'),
    ],
    ['MatMul', (g) => g.node('MatMul', ['features', g.floats('w', [4, 70], lines(280))], 'out')],
    [
      'MatMul of a stack',
      (g) => g.node('MatMul', ['features', g.floats('w', [3, 4, 70], lines(840))], 'out'),
    ],
    [
      'Gemm with a transposed matrix',
      (g) =>
        g.node('Gemm', ['features', g.floats('w', [70, 4], lines(280))], 'out', {
          attributes: [intAttribute('transB', 1)],
        }),
    ],
    [
      'Gather',
      (g) =>
        g.node('Gather', ['features', g.integers('i', new Array<number>(9).fill(2))], 'out', {
          attributes: [intAttribute('axis', 1)],
        }),
    ],
    [
      'Concat',
      (g) =>
        g.node('Concat', ['features', 'features', 'features'], 'out', {
          attributes: [intAttribute('axis', -1)],
        }),
    ],
    [
      'Unsqueeze, Transpose and Add',
      (g) => {
        g.node('Unsqueeze', ['features', g.integers('axis', [1])], 'u');
        g.node('Transpose', ['u'], 't', { attributes: [intsAttribute('perm', [1, 2, 0])] });
        g.node('Squeeze', ['t', g.integers('axis0', [0])], 's');
        g.node('MatMul', ['features', 's'], 'out');
      },
    ],
    [
      'Reshape and Add',
      (g) => {
        g.node('Reshape', ['features', g.integers('column', [-1, 1])], 'r');
        g.node('Add', ['r', g.floats('c', [3], lines(3))], 'out');
      },
    ],
    [
      'a reduced axis and Mul',
      (g) => {
        g.node('ReduceMax', ['features'], 'r', { attributes: [intsAttribute('axes', [1])] });
        g.node('Mul', ['r', g.floats('c', [6], lines(6))], 'out');
      },
    ],
  ];
  it.each(exact)('knows the size of %s', async (_, build) => {
    const bytes = graphOf(build);
    const { out } = await runGraph(bytes, { features: { values: lines(256), shape: [64, 4] } });
    const size = out!.length;
    expect(size).toBeGreaterThan(256);
    expect(bound(bytes, size)).not.toThrow();
    expect(bound(bytes, size - 1)).toThrow(new RegExp(`"out" may hold ${size} numbers for 64 rows`));
  });

  const bombs: readonly (readonly [string, (graph: GraphBuilder) => void])[] = [
    [
      'three small vectors broadcast into a cube',
      (g) => {
        g.node(
          'Add',
          [g.floats('x', [4096, 1, 1], lines(4096)), g.floats('y', [1, 4096, 1], lines(4096))],
          'xy',
        );
        g.node('Mul', ['xy', g.floats('z', [4096], lines(4096))], 'out');
      },
    ],
    [
      'an outer product',
      (g) =>
        g.node(
          'MatMul',
          [g.floats('x', [9_000, 1], lines(9_000)), g.floats('y', [1, 9_000], lines(9_000))],
          'out',
        ),
    ],
    [
      'a row gathered many times',
      (g) => {
        g.floats('x', [1, 4096], lines(4096));
        g.node('Gather', ['x', g.integers('i', new Array<number>(5_000).fill(0))], 'out');
      },
    ],
    [
      'a shape that only the run knows',
      (g) => {
        g.node('Shape', ['features'], 'shape');
        g.node('Reshape', ['features', 'shape'], 'r');
        g.node('Add', ['r', g.floats('c', [70_000, 1, 1], lines(70_000))], 'out');
      },
    ],
    [
      'many values that are almost too large',
      (g) => {
        g.floats('x', [1, 4000], lines(4000));
        let last = g.node('Add', ['x', g.floats('y', [4000, 1], lines(4000))], 'v0');
        for (let index = 1; index < 5; index += 1) last = g.node('Exp', [last], `v${index}`);
        g.node('Exp', [last], 'out');
      },
    ],
  ];
  it.each(bombs)('refuses %s', (_, build) => {
    expect(bound(graphOf(build), 16_777_216)).toThrow(/may hold/);
  });

  it('lets an LSTM of ordinary size pass, and none whose states are too large', () => {
    const random = new SeededRandom(1);
    const ordinary = buildLstmModel(randomLstm(random, { steps: 60, channels: 50, units: [64, 64] }));
    expect(checkModel(ordinary).inputs[0]?.shape).toEqual([-1, 60, 50]);
    const long = buildLstmModel(randomLstm(random, { steps: 5_000, channels: 2, units: [64] }));
    expect(() => checkModel(long)).toThrow(/may hold 81920000 numbers for 64 rows/);
  });
});
