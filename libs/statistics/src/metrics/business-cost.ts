import { type Confusion } from './confusion.js';

export interface MistakeCosts {
  /** An unnecessary alert. Default 10. */
  readonly falsePositive?: number;
  /** A missed incident. Default 100. */
  readonly falseNegative?: number;
}

/** What the mistakes cost together. Undefined without rows: no prediction is not a free one. */
export function businessCost(counts: Confusion | undefined, costs: MistakeCosts = {}): number | undefined {
  if (!counts || countRows(counts) === 0) return undefined;
  return (
    counts.falsePositives * (costs.falsePositive ?? 10) + counts.falseNegatives * (costs.falseNegative ?? 100)
  );
}

/** What one prediction costs on average; comparable between models that saw different traffic. Undefined without rows. */
export function costPerPrediction(
  counts: Confusion | undefined,
  costs: MistakeCosts = {},
): number | undefined {
  const total = businessCost(counts, costs);
  return counts && total !== undefined ? total / countRows(counts) : undefined;
}

const countRows = (counts: Confusion): number =>
  counts.truePositives + counts.falsePositives + counts.trueNegatives + counts.falseNegatives;
