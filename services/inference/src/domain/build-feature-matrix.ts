/**
 * Puts rows of named features into the order of a model's columns. What a row does not have, or has as null, is NaN:
 * missing, which is not zero.
 */
export function buildFeatureMatrix(
  rows: readonly Readonly<Record<string, number | null | undefined>>[],
  featureNames: readonly string[],
): { readonly values: Float32Array; readonly present: Int32Array } {
  const columns = featureNames.length;
  const values = new Float32Array(rows.length * columns);
  const present = new Int32Array(rows.length);
  for (const [index, row] of rows.entries()) {
    const start = index * columns;
    let found = 0;
    for (let column = 0; column < columns; column += 1) {
      const value = row[featureNames[column] as string];
      if (value === null || value === undefined) {
        values[start + column] = NaN;
      } else {
        values[start + column] = value;
        found += 1;
      }
    }
    present[index] = found;
  }
  return { values, present };
}
