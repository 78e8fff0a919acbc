import { type Random } from '@headrace/kernel';
import { layOutTree, type Tree, type TreeEnsemble, type TreeNode } from '../trees/tree-ensemble.js';

/** An ensemble as training makes them: complete or ragged trees over thresholds of `bins` values a feature. */
export function randomEnsemble(
  random: Random,
  options: {
    readonly trees: number;
    readonly depth: number;
    readonly features: number;
    readonly bins?: number;
    /** Chance that a node above the last level is a leaf. */
    readonly ragged?: number;
    /** The first features of this number have categories instead of thresholds. */
    readonly categorical?: number;
  },
): TreeEnsemble {
  const { bins = 256, ragged = 0, categorical = 0 } = options;
  const thresholds = Array.from({ length: options.features }, () =>
    Array.from({ length: bins }, () => Math.fround(random.normal())),
  );
  const someCategories = (): number[] =>
    Array.from({ length: bins }, (_, category) => category).filter(() => random.next() < 0.4);
  const grow = (): Tree => {
    const nodes = new Map<number, TreeNode>();
    const queue = [{ id: 0, level: 0 }];
    for (let place = 0; place < queue.length; place += 1) {
      const { id, level } = queue[place]!;
      const leaf = level === options.depth || (level > 0 && random.next() < ragged);
      const feature = random.integer(options.features);
      const yes = queue.length;
      nodes.set(id, {
        feature: leaf ? -1 : feature,
        threshold: leaf || feature < categorical ? 0 : thresholds[feature]![random.integer(bins)]!,
        yes,
        no: yes + 1,
        missingYes: random.next() < 0.5,
        value: leaf ? Math.fround(random.normal() * 0.1) : 0,
        ...(!leaf && feature < categorical && { categories: someCategories() }),
      });
      if (!leaf) queue.push({ id: yes, level: level + 1 }, { id: yes + 1, level: level + 1 });
    }
    return layOutTree('a random tree', nodes, 0, options.depth);
  };
  return {
    featureNames: Array.from({ length: options.features }, (_, index) => `f${index}`),
    trees: Array.from({ length: options.trees }, grow),
    offset: 0,
    link: 'sigmoid',
  };
}
