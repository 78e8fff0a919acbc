import {
  directionalAccuracy,
  evaluateBinary,
  type BinaryMetrics,
  type MistakeCosts,
} from '@headrace/statistics';

export interface HoldoutRows {
  /** In order of time. */
  readonly labels: Float32Array;
  readonly probabilities: Float32Array;
  readonly systemIds: readonly string[];
}

/**
 * All metrics of the hold-out, rows in order of time. Directional accuracy compares a row with the one before it, which
 * means something within one system only: it is taken over the systems one after the other, each in order of time.
 */
export function evaluateHoldout(rows: HoldoutRows, costs: MistakeCosts): BinaryMetrics {
  return {
    ...evaluateBinary(rows.labels, rows.probabilities, costs),
    directional_accuracy: directionalAccuracyBySystem(rows),
  };
}

function directionalAccuracyBySystem({ labels, probabilities, systemIds }: HoldoutRows): number | undefined {
  const rowsOf = new Map<string, number[]>();
  for (const [row, system] of systemIds.entries()) {
    const rows = rowsOf.get(system);
    if (rows === undefined) rowsOf.set(system, [row]);
    else rows.push(row);
  }
  let moves = 0;
  let hits = 0;
  for (const rows of rowsOf.values()) {
    const actual = rows.map((row) => labels[row] ?? Number.NaN);
    const moved = actual.filter((value, index) => index > 0 && value !== actual[index - 1]).length;
    const share = directionalAccuracy(
      actual,
      rows.map((row) => probabilities[row] ?? Number.NaN),
    );
    if (share === undefined) continue;
    moves += moved;
    hits += share * moved;
  }
  return moves > 0 ? hits / moves : undefined;
}
