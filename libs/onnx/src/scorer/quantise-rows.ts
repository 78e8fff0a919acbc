import { blockRows, featureBytes, laneCount, tableVectors, type MachineLayout } from './machine-layout.js';
import { gridCells, type RankPlan } from './rank-plan.js';
import { wasm, type Code, type WasmFunction } from './wasm-code.js';

/**
 * Ranks of all features of `rows` rows: shifted, row by row, for walking; as bytes, slot by slot, for the lanes; or both.
 * Ranks of sets of categories come from tables: for walking, the ranks of all sets are copied from the category's row; for the
 * lanes, each set looks up the categories of sixteen rows at once.
 */
export function quantiseRows(
  { at, bits, rowBytes, columns }: MachineLayout,
  plan: RankPlan,
  name: string,
  { walking, lanes: forLanes }: { readonly walking: boolean; readonly lanes: boolean },
): WasmFunction {
  const [rows, input, ranks, feature, cell, rank, row] = [0, 1, 2, 3, 4, 5, 6] as const;
  const x = 7;
  const { get, set, tee, i32, loadI32, loadF32, loadF64 } = wasm;
  const search: Code[] = [];
  for (let half = plan.firstHalf; half >= 1; half /= 2) {
    search.push([
      ...[get(cell), get(x), get(cell), loadF32(at.table + (half - 1) * 4), wasm.atLeastF32],
      ...[i32(Math.log2(half * 4)), wasm.shl, wasm.add, set(cell)],
    ]);
  }
  const write = (slot: number, value: Code): Code => [
    walking
      ? [get(ranks), get(feature), loadI32(at.features + slot), wasm.add, value, wasm.storeI32(at.ranks)]
      : [],
    forLanes
      ? [
          ...[get(feature), loadI32(at.features + slot), i32(Math.log2(blockRows / 4)), wasm.shl],
          ...[get(row), wasm.add, value, i32(bits), wasm.shiftRight, i32(128), wasm.sub],
          wasm.storeI8(at.laneRanks),
        ]
      : [],
  ];
  const top = [get(feature), loadI32(at.features + 32)];
  const present: Code = [
    // The cell of the value on the feature's grid, open at both ends.
    ...[get(x), wasm.promote, get(feature), loadF64(at.features), wasm.subF64],
    ...[get(feature), loadF64(at.features + 8), wasm.mulF64, wasm.f64(1), wasm.addF64],
    ...[wasm.f64(0), wasm.maxF64, wasm.f64(gridCells - 1), wasm.minF64, wasm.truncate, i32(2), wasm.shl],
    ...[get(feature), loadI32(at.features + 36), wasm.add, loadI32(at.cells), set(cell)],
    search,
    ...[get(cell), get(feature), loadI32(at.features + 28), wasm.sub, i32(bits - 2), wasm.shl, set(rank)],
    ...[get(rank), top, get(rank), top, wasm.lessThan, wasm.select, set(rank)],
    write(20, get(rank)),
    write(24, get(rank)),
  ];
  const missing: Code = [write(20, i32(0)), write(24, top)];
  const eachFeature: Code = [
    ...[get(input), get(feature), loadI32(at.features + 16), wasm.add, loadF32(at.input), set(x)],
    ...[get(x), get(x), wasm.differsF32, wasm.ifElse(missing, present)],
    ...[get(feature), i32(featureBytes), wasm.add, tee(feature)],
    ...[i32(plan.features.length * featureBytes), wasm.lessThan],
  ];
  let place = at.categories;
  const byCategory = plan.categorical.map((categorical, index): Code => {
    const { column, firstSlot, slots, categories, ranks: table } = categorical;
    const rowOfTable: Code = [
      ...[i32(categories + 1), get(x), wasm.truncateF32, i32(1), wasm.add, i32(0)],
      ...[get(x), wasm.f32(0), wasm.atLeastF32, get(x), wasm.f32(categories), wasm.belowF32, wasm.and],
      ...[wasm.select, get(x), get(x), wasm.differsF32, wasm.select],
    ];
    const code: Code = [
      ...[get(input), loadF32(at.input + column * 4), set(x), rowOfTable, set(cell)],
      walking
        ? [
            ...[get(ranks), i32(at.ranks + firstSlot * 4), wasm.add],
            ...[get(cell), i32(slots * 4), wasm.mul, i32(place), wasm.add, i32(slots * 4), wasm.copy],
          ]
        : [],
      forLanes ? [get(row), get(cell), wasm.storeI8(at.laneCategories + index * blockRows)] : [],
    ];
    place += table.length * 4;
    return code;
  });
  const eachRow: Code = [
    ...[i32(0), set(feature), plan.features.length === 0 ? [] : wasm.repeat(eachFeature)],
    byCategory,
    ...[get(input), i32(columns * 4), wasm.add, set(input)],
    ...[get(ranks), i32(rowBytes), wasm.add, set(ranks)],
    ...[get(row), i32(1), wasm.add, tee(row), get(rows), wasm.lessThan],
  ];
  const body = [
    wasm.repeat(eachRow),
    forLanes ? lookUpSets(at, plan, { rows, row, slot: feature, table: cell }, x + 1) : [],
  ];
  return { name, parameters: 1, i32Locals: 6, f32Locals: 1, v128Locals: 4, result: 'none', body };
}

/** The rank of every set for all rows of a block, sixteen rows at once; `vectors` is the first of the locals for them. */
function lookUpSets(
  at: MachineLayout['at'],
  plan: RankPlan,
  local: { readonly rows: number; readonly row: number; readonly slot: number; readonly table: number },
  vectors: number,
): Code {
  const { get, set, tee, i32, lanes } = wasm;
  const { rows, row, slot, table } = local;
  let tables = at.laneTables;
  const everySet = plan.categorical.map((feature, index): Code => {
    const parts = Array.from({ length: tableVectors(feature) }, (_, part) => part);
    const size = parts.length * laneCount;
    const code: Code = [
      parts.map((part) => [
        ...[get(row), lanes.load(at.laneCategories + index * blockRows)],
        ...[lanes.all(-laneCount * part), lanes.add, set(vectors + part)],
      ]),
      ...[get(row), set(slot), i32(0), set(table)],
      wasm.repeat([
        get(slot),
        parts.map((part) => [
          ...[get(table), lanes.load(tables + part * laneCount), get(vectors + part), lanes.pick],
          part > 0 ? lanes.or : [],
        ]),
        lanes.store(at.laneRanks + feature.firstSlot * blockRows),
        ...[get(slot), i32(blockRows), wasm.add, set(slot)],
        ...[get(table), i32(size), wasm.add, tee(table), i32(feature.slots * size), wasm.lessThan],
      ]),
    ];
    tables += feature.slots * size;
    return code;
  });
  if (everySet.length === 0) return [];
  const next = [get(row), i32(laneCount), wasm.add, tee(row), get(rows), wasm.lessThan];
  return [i32(0), set(row), wasm.repeat([everySet, next])];
}
