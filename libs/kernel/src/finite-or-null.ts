/** A number as JSON holds it. NaN, infinities and what is not there are null: no data, and never 0. */
export function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
