/** The largest finite float16. */
export const maxFloat16 = 65_504;

const bits = new DataView(new ArrayBuffer(4));

/**
 * The bits of the float16 nearest to a float32, ties to even (IEEE 754 binary16). Below 2^-14 the steps are 2^-24; half a
 * step and less is zero, with its sign. From 65,520 on it is infinity, and NaN stays NaN.
 */
export function toFloat16(value: number): number {
  bits.setFloat32(0, value);
  const word = bits.getUint32(0);
  const sign = (word >>> 16) & 0x8000;
  const exponent = (word >>> 23) & 0xff;
  const fraction = word & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  const scaled = exponent - 127 + 15;
  if (scaled >= 31) return sign | 0x7c00;
  // Dropped bits of the significand: 13, and one more for each power of two below the smallest normal number.
  const dropped = scaled >= 1 ? 13 : 14 - scaled;
  if (dropped > 24) return sign;
  const significand = exponent === 0 ? fraction : fraction | 0x800000;
  const kept = significand >>> dropped;
  const rest = significand & ((1 << dropped) - 1);
  const half = 1 << (dropped - 1);
  const rounded = kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0);
  // The leading bit of a normal significand counts as one power, so a carry moves into the exponent by itself.
  return sign | (scaled >= 1 ? ((scaled - 1) << 10) + rounded : rounded);
}

/** The number that float16 bits stand for. */
export function fromFloat16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}
