import { type TreeNodeTrees, type TreePart } from './tree-node.js';

/** Explains why a node does not have a single margin, the sum of one leaf of each tree. Undefined when it has one. */
export function explainNoMargin({ rest, leafPrefix, trees }: TreeNodeTrees): string | undefined {
  const attribute = (name: string) => rest.find((one) => one.name === name);
  if (leafPrefix !== 'target') return 'it is a classifier';
  if (Number(attribute('n_targets')?.i ?? 1) !== 1) return 'its trees have several targets';
  const aggregate = attribute('aggregate_function')?.s;
  if (aggregate && Buffer.from(aggregate).toString('utf8') !== 'SUM') return 'its trees are not summed';
  return trees.every(({ root }) => collectLeaves(root).every(Number.isFinite))
    ? undefined
    : 'a leaf has no finite weight of its own';
}

/** The weight of every leaf; NaN for a leaf with none or several. */
function collectLeaves(part: TreePart): readonly number[] {
  if (part.kind === 'split') return [...collectLeaves(part.yes), ...collectLeaves(part.no)];
  return [part.weights.length === 1 ? (part.weights[0]?.weight ?? NaN) : NaN];
}

/**
 * 2 g S: how far two float32 sums of the same leaves may lie apart, in any order and grouping. S is the sum of the trees'
 * largest leaves and g = n u / (1 - n u), u = 2^-24 (Higham, Accuracy and Stability, 4.2).
 */
export function marginRounding({ trees, rest }: TreeNodeTrees): number {
  const base = rest.find(({ name }) => name === 'base_values')?.floats?.[0] ?? 0;
  const maxLeaves = trees.map(({ root }) =>
    collectLeaves(root).reduce((max, leaf) => Math.max(max, Math.abs(leaf)), 0),
  );
  const sum = maxLeaves.reduce((total, one) => total + one, Math.abs(base));
  const terms = (trees.length + 1) * 2 ** -24;
  return (2 * sum * terms) / (1 - terms);
}
