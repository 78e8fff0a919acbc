/** Row numbers in descending order of their score. Scores are finite. */
export function rowsByDescendingScore(scores: ArrayLike<number>): Uint32Array {
  const rows = new Uint32Array(scores.length);
  for (let row = 0; row < rows.length; row += 1) rows[row] = row;
  return rows.sort((first, second) => (scores[second] as number) - (scores[first] as number));
}
