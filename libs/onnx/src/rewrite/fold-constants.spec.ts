import { SeededRandom } from '@headrace/kernel';
import fc from 'fast-check';
import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { floatAttribute, intAttribute, intsAttribute } from '../build/attributes.js';
import { GraphBuilder } from '../build/graph-builder.js';
import {
  decodeModel,
  encodeModel,
  buildModel,
  operatorsOf,
  rewriteAndMeasure,
} from '../testing/apply-rewrite.js';
import { runGraph } from '../testing/run-in-onnxruntime.js';
import { foldConstants } from './fold-constants.js';
import { removeDeadCode } from './remove-dead-code.js';
import { rewriteModel } from './rewrite-model.js';

const { onnx } = onnxProto;

/** A graph whose only output is one operator on constants, behind an Identity so that the operator may fold. */
function alone(make: (graph: GraphBuilder) => string): Uint8Array {
  const graph = new GraphBuilder('alone');
  graph.input('features', ['n', 1]);
  graph.node('Identity', [make(graph)], 'answer');
  graph.output('answer', ['m']);
  const model = decodeModel(graph.finish({}));
  // The type and shape of the answer are whatever the operator makes.
  model.graph!.output![0]!.type = {};
  return encodeModel(model);
}

const matrix = [1.5, -2, 0.25, 1e30, -0, 7, 3.3, -1e-40, 9, 10, 11, 12];
const perm = { attributes: [intsAttribute('perm', [2, 0, 1])] };
const axis = (value: number) => ({ attributes: [intAttribute('axis', value)] });
const cube = (graph: GraphBuilder): string => graph.floats('x', [2, 3, 2], matrix);
const positive = (graph: GraphBuilder): string => graph.floats('x', [2, 3, 2], matrix.map(Math.abs));
const row = (graph: GraphBuilder): string => graph.floats('y', [3, 1], [3, -7, 0.1]);

const cases: readonly (readonly [string, (graph: GraphBuilder) => string])[] = [
  ['Transpose', (g) => g.node('Transpose', [cube(g)], 'r', perm)],
  ['Transpose without perm', (g) => g.node('Transpose', [cube(g)], 'r')],
  ['Reshape with 0 and -1', (g) => g.node('Reshape', [cube(g), g.integers('s', [0, -1])], 'r')],
  ['Flatten', (g) => g.node('Flatten', [cube(g)], 'r', axis(-1))],
  ['Unsqueeze', (g) => g.node('Unsqueeze', [cube(g), g.integers('a', [0, -1])], 'r')],
  ['Squeeze', (g) => g.node('Squeeze', [row(g), g.integers('a', [-1])], 'r')],
  ['Squeeze of all', (g) => g.node('Squeeze', [row(g)], 'r')],
  ['Concat', (g) => g.node('Concat', [cube(g), g.floats('z', [2, 1, 2], [1, 2, 3, 4])], 'r', axis(1))],
  ['Gather', (g) => g.node('Gather', [cube(g), g.integers('i', [2, -3, 1])], 'r', axis(1))],
  ['Gather along -1', (g) => g.node('Gather', [cube(g), g.integers('i', [1])], 'r', axis(-1))],
  [
    'Slice',
    (g) =>
      g.node(
        'Slice',
        [cube(g), g.integers('b', [-2, 0]), g.integers('e', [99, 1]), g.integers('a', [1, 2])],
        'r',
      ),
  ],
  [
    'Slice backwards',
    (g) =>
      g.node(
        'Slice',
        [cube(g), g.integers('b', [-1]), g.integers('e', [-99]), g.integers('a', [1]), g.integers('t', [-2])],
        'r',
      ),
  ],
  ['Shape', (g) => g.node('Shape', [cube(g)], 'r')],
  ...(['Add', 'Sub', 'Mul', 'Div'] as const).map(
    (name) =>
      [`${name} with broadcasting`, (g: GraphBuilder) => g.node(name, [cube(g), row(g)], 'r')] as const,
  ),
  ['integer Div', (g) => g.node('Div', [g.integers('p', [-7, 7, 9]), g.integers('q', [2, -2, 3])], 'r')],
  ['Neg', (g) => g.node('Neg', [cube(g)], 'r')],
  ['Abs', (g) => g.node('Abs', [cube(g)], 'r')],
  ['IsNaN', (g) => g.node('IsNaN', [g.floats('n', [2], [NaN, 1])], 'r')],
  [
    'Cast of integers',
    (g) => g.node('Cast', [g.integers('p', [-7, 16777217])], 'r', { attributes: [intAttribute('to', 1)] }),
  ],
  [
    'Where',
    (g) =>
      g.node('Where', [g.node('IsNaN', [g.floats('n', [1, 2], [NaN, 1])], 'c'), positive(g), row(g)], 'r'),
  ],
];

const many = ['Exp', 'Sigmoid', 'Tanh', 'Log', 'Sqrt', 'Softmax', 'ReduceSum', 'Relu'] as const;

describe('foldConstants', () => {
  it.each(cases)('computes %s to the bit as onnxruntime does', async (_, make) => {
    const before = alone(make);
    const { model, changes } = foldConstants().apply(decodeModel(before));
    expect(changes['foldedNodes']).toBeGreaterThan(0);
    expect(model.graph!.node!.map(({ opType }) => opType)).toEqual(['Identity']);
    const inputs = { features: { values: Float32Array.of(1), shape: [1, 1] } };
    const [expected, answers] = [await runGraph(before, inputs), await runGraph(encodeModel(model), inputs)];
    expect(answers).toEqual(expected);
  });

  it('leaves Where on -0, which onnxruntime answers as 0', () => {
    const bytes = alone((g) =>
      g.node('Where', [g.node('IsNaN', [g.floats('n', [1, 2], [NaN, 1])], 'c'), cube(g), row(g)], 'r'),
    );
    expect(foldConstants().apply(decodeModel(bytes)).changes).toEqual({ foldedNodes: 1 });
  });

  it.each(many)('leaves %s, whose bits are a matter of the runtime', (name) => {
    const { model, changes } = foldConstants().apply(decodeModel(alone((g) => g.node(name, [cube(g)], 'r'))));
    expect(changes).toEqual({});
    expect(model.graph!.node).toHaveLength(2);
  });

  it('folds any sum and product of random constants to the bits of onnxruntime', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.float({ noNaN: true }), fc.float({ noNaN: true })), {
          minLength: 1,
          maxLength: 20,
        }),
        fc.constantFrom('Add', 'Sub', 'Mul', 'Div'),
        async (pairs, name) => {
          const bytes = alone((g) =>
            g.node(
              name,
              [
                g.floats(
                  'x',
                  [pairs.length],
                  pairs.map(([x]) => x),
                ),
                g.floats(
                  'y',
                  [pairs.length],
                  pairs.map(([, y]) => y),
                ),
              ],
              'r',
            ),
          );
          const inputs = { features: { values: Float32Array.of(1), shape: [1, 1] } };
          const { model } = foldConstants().apply(decodeModel(bytes));
          expect(await runGraph(encodeModel(model), inputs)).toEqual(await runGraph(bytes, inputs));
        },
      ),
      { numRuns: 40, seed: 7 },
    );
  });

  it('folds a chain to one constant and keeps what else is read', async () => {
    // (2 + 3) * 4 = 20 is added to each row; 2 is read by another operator too.
    const bytes = buildModel(1, (g) => {
      const two = g.floats('two', [1], [2]);
      const sum = g.node('Add', [two, g.floats('three', [1], [3])], 'sum');
      const twenty = g.node('Mul', [sum, g.floats('four', [1], [4])], 'twenty');
      return g.node('Mul', [g.node('Add', ['features', twenty], 'moved'), two], 'twice');
    });
    const { bytes: after, steps, measured } = await rewriteAndMeasure(bytes, [foldConstants()]);
    expect(operatorsOf(after)).toEqual(['Add', 'Mul', 'Reshape']);
    expect(steps[0]!.changes).toEqual({ foldedNodes: 2 });
    expect(decodeModel(after).graph!.initializer!.map(({ name }) => name)).toEqual([
      'two',
      'one_per_row',
      'twenty',
    ]);
    expect(measured).toMatchObject({ maxOutputChange: 0, rows: 200 });
  });

  it('does not read an initializer that a caller may replace', () => {
    const model = decodeModel(
      alone((g) => g.node('Add', [g.floats('x', [1], [1]), g.floats('y', [1], [2])], 'r')),
    );
    model.graph!.input!.push({ ...model.graph!.input![0]!, name: 'x' });
    expect(foldConstants().apply(model).model).toBe(model);
  });

  it('leaves operators of other domains, of graphs inside, and weights that are kept small', () => {
    const of = (change: (node: Onnx.INodeProto) => void): unknown => {
      const model = decodeModel(alone((g) => g.node('Neg', [cube(g)], 'r')));
      change(model.graph!.node![0]!);
      return foldConstants().apply(model).changes;
    };
    expect(of((node) => (node.domain = 'their.own'))).toEqual({});
    expect(of((node) => (node.opType = 'DequantizeLinear'))).toEqual({});
    expect(
      of(
        (node) =>
          (node.attribute = [
            {
              name: 'then_branch',
              type: onnx.AttributeProto.AttributeType.GRAPH,
              g: { name: 'inner', node: [] },
            },
          ]),
      ),
    ).toEqual({});
    expect(of((node) => (node.name = 'plain'))).toEqual({ foldedNodes: 1 });
  });

  it('does not blow up the file for a product of a row and a column', () => {
    const bytes = buildModel(1, (g) => {
      const column = g.floats('column', [100, 1], new Float32Array(100).fill(1));
      const outer = g.node(
        'Mul',
        [column, g.floats('row', [1, 100], new Float32Array(100).fill(2))],
        'outer',
      );
      return g.node(
        'MatMul',
        [g.node('MatMul', ['features', g.floats('one', [1, 100], new Float32Array(100))], 'wide'), outer],
        'r',
      );
    });
    expect(rewriteModel(bytes, [foldConstants()]).bytes).toEqual(bytes);
  });
});

describe('removeDeadCode', () => {
  const wasteful = (): Uint8Array =>
    buildModel(2, (g) => {
      g.floats('never_read', [3], [1, 2, 3]);
      const kept = g.node('Identity', ['features'], 'same');
      const unused = g.node('Mul', [kept, g.floats('only_there', [1], [3])], 'unused');
      g.node('Sigmoid', [unused], 'unused_too');
      return g.node('Gemm', [kept, g.floats('w', [2, 1], [1, 2])], 'sum', {
        attributes: [floatAttribute('alpha', 1)],
      });
    });

  it('removes what no output depends on, and Identity between two operators', async () => {
    const { bytes, steps, measured } = await rewriteAndMeasure(wasteful(), [removeDeadCode()]);
    expect(operatorsOf(bytes)).toEqual(['Gemm', 'Reshape']);
    expect(decodeModel(bytes).graph!.initializer!.map(({ name }) => name)).toEqual(['w', 'one_per_row']);
    expect(steps[0]!.changes).toEqual({ removedNodes: 3, removedConstants: 2 });
    expect(measured.maxOutputChange).toBe(0);
  });

  it('changes nothing the second time', () => {
    const once = rewriteModel(wasteful(), [foldConstants(), removeDeadCode()]).bytes;
    const twice = rewriteModel(once, [foldConstants(), removeDeadCode()]);
    expect(twice.bytes).toEqual(once);
    expect(twice.steps.map(({ changes }) => changes)).toEqual([{}, {}]);
  });

  it('keeps what only a graph inside a node reads, and does not rename it', () => {
    const model = decodeModel(wasteful());
    const inner: Onnx.IGraphProto = {
      name: 'then',
      node: [
        { opType: 'Identity', input: ['same'], output: ['inside'] },
        { opType: 'Neg', input: ['never_read'], output: ['b'] },
      ],
      output: [{ name: 'inside' }],
    };
    model.graph!.node!.splice(1, 0, {
      opType: 'If',
      input: ['condition'],
      output: ['chosen'],
      attribute: [{ name: 'then_branch', type: onnx.AttributeProto.AttributeType.GRAPH, g: inner }],
    });
    model.graph!.output!.push({ name: 'chosen' });
    const { graph } = removeDeadCode().apply(model).model;
    expect(graph!.node!.map(({ opType }) => opType)).toEqual(['Identity', 'If', 'Gemm', 'Reshape']);
    expect(graph!.initializer!.map(({ name }) => name)).toContain('never_read');
  });

  it('keeps an initializer that is also an input, which is a default of the signature', () => {
    const model = decodeModel(wasteful());
    model.graph!.input!.push({ ...model.graph!.input![0]!, name: 'never_read' });
    expect(
      removeDeadCode()
        .apply(model)
        .model.graph!.initializer!.map(({ name }) => name),
    ).toContain('never_read');
  });

  it('is bit-identical on random chains of arithmetic, and keeps the signature', async () => {
    for (let seed = 1; seed <= 15; seed += 1) {
      const random = new SeededRandom(seed);
      const bytes = buildModel(3, (g) => {
        const values = [
          'features',
          g.floats('c0', [1], [random.normal()]),
          g.floats('c1', [3], [1, random.normal(), 0.5]),
        ];
        for (let index = 0; index < 12; index += 1) {
          const pick = (): string => values[random.integer(values.length)]!;
          const name = ['Add', 'Sub', 'Mul', 'Identity', 'Neg', 'Sigmoid'][random.integer(6)]!;
          values.push(
            g.node(
              name,
              ['Identity', 'Neg', 'Sigmoid'].includes(name) ? [pick()] : [pick(), pick()],
              `v${index}`,
            ),
          );
        }
        const last = g.node('Add', ['features', values.at(-1)!], 'last');
        return g.node('ReduceSum', [last, g.integers('axis', [1])], 'summed');
      });
      const { measured, steps, bytesAfter, bytesBefore } = await rewriteAndMeasure(
        bytes,
        [foldConstants(), removeDeadCode()],
        20,
      );
      expect(measured.maxOutputChange).toBe(0);
      expect(bytesAfter).toBeLessThan(bytesBefore);
      expect(steps).toHaveLength(2);
    }
  });
});
