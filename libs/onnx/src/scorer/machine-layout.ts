import { type RankPlan } from './rank-plan.js';
import { refuse } from '../trees/tree-ensemble.js';

export const blockRows = 32;
export const featureBytes = 40;
/** Bytes in one v128. */
export const laneCount = 16;

/** Memory of the trees that are summed together, and of their sums. */
export interface TreeGroup {
  readonly output: number;
  readonly nodes: number;
  readonly leaves: number;
  /** By tree the upper nodes: for each the offset of its slot in `laneRanks`, then for each its threshold as a byte. */
  readonly laneNodes: number;
  /** With those that fill up the last four. */
  readonly trees: number;
}

/** Memory layout of a machine, and the sizes that are constants of its program. */
export interface MachineLayout {
  readonly at: {
    /** One row of shifted ranks after another. */
    readonly ranks: number;
    readonly input: number;
    readonly features: number;
    readonly cells: number;
    readonly table: number;
    readonly categories: number;
    /** By slot the ranks of all rows of a block, a signed byte each: rank - 128. */
    readonly laneRanks: number;
    /** By categorical feature the category's row in its tables, a byte each row of the block. */
    readonly laneCategories: number;
    /** By slot of a set the byte of every category. */
    readonly laneTables: number;
    /** Where the lanes put how far each row has come. */
    readonly arrived: number;
  };
  readonly bytes: number;
  readonly depth: number;
  /** Nodes, and leaves, of a complete tree of this depth. */
  readonly width: number;
  readonly groups: readonly TreeGroup[];
  readonly columns: number;
  /** How far ranks are shifted; a slot's byte offset takes the bits below. */
  readonly bits: number;
  readonly rowBytes: number;
  /** Levels from the root that are decided for all rows of a block at once; 0 when ranks do not fit a byte. */
  readonly laneLevels: number;
  /**
   * Whether a row that walks on below the lanes reads its own ranks, which costs two stores a feature and saves shifting
   * them at every step. With categories there are as many slots as sets, too many to write twice: then it reads the bytes.
   */
  readonly walksByRow: boolean;
}

/** Beyond this, lanes are slower than walking: they compare all nodes of a level, twice as many for each further level. */
const maxLaneLevels = 5;
/** Of a categorical feature; a table takes a `pick` for every sixteen. */
const maxLaneCategories = 4 * laneCount;
const maxLaneRank = 255;

/** Number of vectors per row of the tables of this feature. */
export function tableVectors({ categories }: { readonly categories: number }): number {
  return Math.ceil((categories + 2) / laneCount);
}

/** Whether ranks of this plan are bytes, so that a block is compared sixteen rows at once. */
export function fitsLanes(plan: RankPlan): boolean {
  return (
    plan.maxThresholds <= maxLaneRank &&
    plan.categorical.every(({ categories }) => categories + 2 <= maxLaneCategories)
  );
}

/** `treeCounts` by group. */
export function layOutMachine(
  treeCounts: readonly number[],
  depth: number,
  plan: RankPlan,
  columns: number,
): MachineLayout {
  const width = 2 ** depth;
  // One slot more takes what a feature without a slot of that kind would write. Slots are kept as byte offsets.
  const rowBytes = (plan.slots + 1) * 4;
  const bits = Math.ceil(Math.log2(plan.slots + 1)) + 2;
  if (plan.maxThresholds * 2 ** bits >= 2 ** 30) {
    refuse(`${plan.maxThresholds} thresholds over ${plan.slots} columns do not fit the compiled scorer`);
  }
  const laneLevels = fitsLanes(plan) ? Math.min(depth, maxLaneLevels) : 0;
  const lanes = laneLevels > 0 ? 1 : 0;

  let end = 0;
  const area = (bytes: number): number => {
    const from = end;
    end += Math.ceil(bytes / 16) * 16;
    return from;
  };
  const at = {
    ranks: area(blockRows * rowBytes),
    input: area(blockRows * columns * 4),
    features: area(plan.features.length * featureBytes),
    cells: area(plan.cells.byteLength),
    table: area(plan.table.byteLength),
    categories: area(plan.categorical.reduce((bytes, { ranks }) => bytes + ranks.length * 4, 0)),
    laneRanks: area(lanes * blockRows * (plan.slots + 1)),
    laneCategories: area(lanes * blockRows * plan.categorical.length),
    laneTables: area(
      lanes *
        plan.categorical.reduce(
          (bytes, feature) => bytes + feature.slots * tableVectors(feature) * laneCount,
          0,
        ),
    ),
    arrived: area(blockRows),
  };
  const groups = treeCounts.map((count): TreeGroup => {
    const trees = Math.max(1, Math.ceil(count / 4)) * 4;
    return {
      output: area(blockRows * 4),
      nodes: area(trees * width * 4),
      leaves: area(trees * width * 4),
      laneNodes: area(lanes * trees * laneNodeBytes(laneLevels)),
      trees,
    };
  });
  return {
    at,
    bytes: end,
    depth,
    width,
    groups,
    columns,
    bits,
    rowBytes,
    laneLevels,
    walksByRow: plan.categorical.length === 0,
  };
}

/** Bytes of the upper nodes of one tree. */
export function laneNodeBytes(laneLevels: number): number {
  return 2 ** laneLevels * 5;
}
