import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { buildEnsembleModel } from '../build/build-ensemble-model.js';
import { checkModel } from './check-model.js';
import { quantizeInt8 } from '../rewrite/quantize-int8.js';
import { rewriteModel } from '../rewrite/rewrite-model.js';

const { onnx } = onnxProto;

/** A dense network of 4 -> 3 -> 1, its products in int8. */
const file = rewriteModel(
  buildEnsembleModel({
    featureNames: ['a', 'b', 'c', 'd'],
    members: [
      {
        kind: 'dense',
        name: 'dense',
        weight: 1,
        dense: {
          scaler: { mean: new Float32Array(4), scale: new Float32Array(4).fill(1) },
          layers: [
            {
              units: 3,
              kernel: Float32Array.from({ length: 12 }, (_, index) => index - 6),
              bias: Float32Array.of(1, 2, 3),
              activation: 'relu',
            },
            { units: 1, kernel: Float32Array.of(1, -1, 1), bias: Float32Array.of(0), activation: 'linear' },
          ],
        },
      },
    ],
  }),
  [quantizeInt8({ minWeights: 1 })],
).bytes;

function changeModel(change: (graph: Onnx.GraphProto, first: Onnx.INodeProto) => void): Uint8Array {
  const model = onnx.ModelProto.decode(Uint8Array.from(file));
  const graph = model.graph as Onnx.GraphProto;
  change(
    graph,
    graph.node.find(({ opType }) => opType === 'MatMulInteger')!,
  );
  return onnx.ModelProto.encode(model).finish();
}

function readerOf(graph: Onnx.GraphProto, name: string, opType: string): Onnx.INodeProto {
  return graph.node.find((node) => node.opType === opType && node.input?.includes(name))!;
}

describe('checkInt8', () => {
  it('lets the products pass that the rewrite makes', () => {
    expect(checkModel(file).operators).toContain('MatMulInteger');
  });

  const refused: readonly (readonly [string, Uint8Array, RegExp])[] = [
    [
      'a scale that is a matrix, which onnxruntime 1.30 reads past its end',
      changeModel((graph, product) => {
        const cast = readerOf(graph, product.output![0]!, 'Cast');
        const scaled = readerOf(graph, cast.output![0]!, 'Mul');
        const scale = graph.node.find(({ output }) => output?.[0] === scaled.input![1])!;
        scale.input![0] = 'dense/filled';
      }),
      /is not scaled by its own scales/,
    ],
    [
      'a bias of one number for three columns',
      changeModel((graph, product) => {
        const cast = readerOf(graph, product.output![0]!, 'Cast');
        const scaled = readerOf(graph, cast.output![0]!, 'Mul');
        const added = readerOf(graph, scaled.output![0]!, 'Add');
        const bias = graph.initializer.find(({ name }) => added.input!.includes(name ?? ''))!;
        bias.dims = [1];
        bias.rawData = new Uint8Array(4);
      }),
      /a bias of \[1\] for 3 columns/,
    ],
    [
      'bytes that were not made by quantising',
      changeModel((graph, product) => {
        graph.initializer.push(
          onnx.TensorProto.create({ name: 'bytes', dims: [1, 4], dataType: 2, rawData: new Uint8Array(4) }),
        );
        product.input![0] = 'bytes';
      }),
      /is not an output of DynamicQuantizeLinear/,
    ],
    [
      'the zero point of something else',
      changeModel((graph, product) => {
        const others = graph.node.filter(({ opType }) => opType === 'DynamicQuantizeLinear');
        const own = graph.node.find(({ output }) => output?.[0] === product.input![0]);
        product.input![2] = '';
        expect(others).toContain(own);
      }),
      /is not an output of DynamicQuantizeLinear/,
    ],
    [
      'a result that goes another way than to its scales',
      changeModel((graph, product) => {
        graph.node.push(
          onnx.NodeProto.create({ opType: 'Abs', input: [product.output![0]!], output: ['elsewhere'] }),
        );
      }),
      /read by something other than Cast/,
    ],
  ];
  it.each(refused)('refuses %s', (_, bytes, reason) => {
    expect(() => checkModel(bytes)).toThrow(reason);
  });
});
