import { type onnx as Onnx } from 'onnx-proto';

/** The operator's domain and name, with the default domain normalised to ''. */
export function operatorOf(node: Onnx.INodeProto): string {
  const domain = node.domain === 'ai.onnx' ? '' : (node.domain ?? '');
  return `${domain}/${node.opType ?? ''}`;
}

export function attributeOf(node: Onnx.INodeProto, name: string): Onnx.IAttributeProto | undefined {
  return node.attribute?.find((attribute) => attribute.name === name);
}

export function intOf(node: Onnx.INodeProto, name: string, otherwise: number): number {
  return Number(attributeOf(node, name)?.i ?? otherwise);
}

/** The version of the operators of the default domain. */
export function opsetOf(model: Onnx.IModelProto): number {
  const own = model.opsetImport?.find(({ domain }) => (domain ?? '') === '' || domain === 'ai.onnx');
  return Number(own?.version ?? 0);
}

/**
 * Initializers that hold the same value in every run. One that is also an input of the graph is only a default: a caller
 * may feed another value, so no rewrite reads it.
 */
export function collectConstants(graph: Onnx.IGraphProto): ReadonlyMap<string, Onnx.ITensorProto> {
  const inputs = new Set((graph.input ?? []).map(({ name }) => name ?? ''));
  return new Map(
    (graph.initializer ?? []).flatMap((tensor) =>
      inputs.has(tensor.name ?? '') ? [] : [[tensor.name ?? '', tensor] as const],
    ),
  );
}

/** Every graph inside a node's attributes: the branches of If, the bodies of Loop and Scan. */
export function subgraphsOf(node: Onnx.INodeProto): readonly Onnx.IGraphProto[] {
  return (node.attribute ?? []).flatMap(({ g, graphs }) => [...(g ? [g] : []), ...(graphs ?? [])]);
}

/** How often each value is read, by the nodes, by graphs inside them (which see the names around them) and as an output. */
export function countReads(graph: Onnx.IGraphProto): ReadonlyMap<string, number> {
  const reads = new Map<string, number>();
  const count = (name: string): unknown => reads.set(name, (reads.get(name) ?? 0) + 1);
  const visit = ({ node, output }: Onnx.IGraphProto): void => {
    for (const one of node ?? []) {
      for (const name of one.input ?? []) count(name);
      for (const inner of subgraphsOf(one)) visit(inner);
    }
    for (const { name } of output ?? []) count(name ?? '');
  };
  visit(graph);
  return reads;
}

/** The names used in graphs inside nodes. They are not renamed: they may refer to values of the inner graph. */
export function collectSubgraphNames(graph: Onnx.IGraphProto): ReadonlySet<string> {
  const names = new Set<string>();
  const collect = (inner: Onnx.IGraphProto): void => {
    for (const { name } of [...(inner.input ?? []), ...(inner.output ?? []), ...(inner.initializer ?? [])]) {
      names.add(name ?? '');
    }
    for (const node of inner.node ?? []) {
      for (const name of [...(node.input ?? []), ...(node.output ?? [])]) names.add(name);
      for (const deeper of subgraphsOf(node)) collect(deeper);
    }
  };
  for (const node of graph.node ?? []) for (const inner of subgraphsOf(node)) collect(inner);
  return names;
}

/** Gives names that are unused in the graph and in graphs inside it. The same graph gives the same names. */
export class FreshNames {
  private readonly taken: Set<string>;

  constructor(graph: Onnx.IGraphProto) {
    this.taken = new Set(collectSubgraphNames(graph));
    for (const { name } of [
      ...(graph.input ?? []),
      ...(graph.output ?? []),
      ...(graph.initializer ?? []),
      ...(graph.valueInfo ?? []),
    ]) {
      this.taken.add(name ?? '');
    }
    for (const node of graph.node ?? []) {
      for (const name of [node.name ?? '', ...(node.input ?? []), ...(node.output ?? [])]) {
        this.taken.add(name);
      }
    }
  }

  take(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.taken.has(name); number += 1) name = `${wanted}_${number}`;
    this.taken.add(name);
    return name;
  }
}
