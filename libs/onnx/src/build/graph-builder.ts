import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import { refuse } from '../trees/tree-ensemble.js';
import { floatTensor, int64Tensor } from './tensors.js';

const { onnx } = onnxProto;

/** A fixed size, or the name of a size that is known only at run time. */
export type Dimension = number | string;

/**
 * Builds an ONNX graph in the order in which it runs. The caller names every value, and each name is defined once, so mistakes
 * are found here and not by a runtime. Equal calls give equal bytes: the digest of a file identifies the model.
 */
export class GraphBuilder {
  private readonly nodes: Onnx.INodeProto[] = [];
  private readonly constants: Onnx.ITensorProto[] = [];
  private readonly inputs: Onnx.IValueInfoProto[] = [];
  private readonly outputs: Onnx.IValueInfoProto[] = [];
  private readonly made = new Set<string>();

  /** `treeOperators`: the version of ai.onnx.ml. */
  constructor(
    private readonly name: string,
    private readonly treeOperators: 3 | 5 = 3,
  ) {}

  /** An FP32 tensor that the caller gives. */
  input(name: string, shape: readonly Dimension[]): string {
    this.inputs.push(buildTensorInfo(name, shape));
    return this.make(name);
  }

  /** An FP32 tensor for the caller; something must have made it. */
  output(name: string, shape: readonly Dimension[]): void {
    if (!this.made.has(name)) refuse(`nothing makes the output ${JSON.stringify(name)}`);
    this.outputs.push(buildTensorInfo(name, shape));
  }

  floats(name: string, dims: readonly number[], values: Float32Array | readonly number[]): string {
    this.constants.push(floatTensor(name, dims, values));
    return this.make(name);
  }

  /** A list of integers. Repeated calls with the same name and content are allowed. */
  integers(name: string, values: readonly number[]): string {
    const tensor = int64Tensor(name, [values.length], values);
    const before = this.constants.find((constant) => constant.name === name);
    if (before !== undefined && String(before.int64Data) === String(values)) return name;
    this.constants.push(tensor);
    return this.make(name);
  }

  /** Appends an operator of ai.onnx, or of `domain`, that makes `output`, and returns that name. */
  node(
    opType: string,
    inputs: readonly string[],
    output: string | readonly string[],
    options: { readonly attributes?: readonly Onnx.IAttributeProto[]; readonly domain?: string } = {},
  ): string {
    const outputs = typeof output === 'string' ? [output] : output;
    for (const input of inputs) {
      if (input !== '' && !this.made.has(input)) {
        refuse(`${opType} reads ${JSON.stringify(input)} before it is made`);
      }
    }
    const named = outputs.filter((name) => name !== '');
    for (const name of named) this.make(name);
    const main = named[0] ?? refuse(`${opType} makes nothing`);
    this.nodes.push({
      name: main,
      opType,
      input: [...inputs],
      output: [...outputs],
      ...(options.domain !== undefined && { domain: options.domain }),
      ...(options.attributes !== undefined && { attribute: [...options.attributes] }),
    });
    return main;
  }

  /** The file. Metadata is written as `headrace.<name>`, in the order of the names. */
  finish(metadata: Readonly<Record<string, string>>): Uint8Array {
    const model = onnx.ModelProto.create({
      irVersion: 8,
      producerName: 'headrace',
      opsetImport: [
        { domain: '', version: 13 },
        { domain: 'ai.onnx.ml', version: this.treeOperators },
      ],
      metadataProps: Object.entries(metadata)
        .map(([key, value]) => ({ key: `headrace.${key}`, value }))
        .sort((a, b) => (a.key < b.key ? -1 : 1)),
      graph: {
        name: this.name,
        node: this.nodes,
        initializer: this.constants,
        input: this.inputs,
        output: this.outputs,
      },
    });
    return onnx.ModelProto.encode(model).finish();
  }

  private make(name: string): string {
    if (this.made.has(name)) refuse(`${JSON.stringify(name)} is made twice`);
    this.made.add(name);
    return name;
  }
}

function buildTensorInfo(name: string, shape: readonly Dimension[]): Onnx.IValueInfoProto {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return {
    name,
    type: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT, shape: { dim } } },
  };
}
