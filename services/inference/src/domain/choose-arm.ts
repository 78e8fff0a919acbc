/** One version and the share of the traffic that it gets. */
export interface Share {
  readonly modelVersion: number;
  readonly arm: 'baseline' | 'canary';
  /** 0 to 100. */
  readonly percent: number;
}

/**
 * Which share of a split an entity belongs to: the same one every time within a rollout. The canary takes the low
 * end of the range, so that entities which are on it stay on it when its share grows. A share of 0 is never chosen.
 * Undefined when every share is 0.
 */
export function chooseArm<Item extends Share>(
  shares: readonly Item[],
  key: string,
  salt: string,
): Item | undefined {
  const open = shares.filter(({ percent }) => percent > 0);
  const canaryFirst = [
    ...open.filter(({ arm }) => arm === 'canary'),
    ...open.filter(({ arm }) => arm === 'baseline'),
  ];
  const total = canaryFirst.reduce((sum, { percent }) => sum + percent, 0);
  const point = hashToUnitInterval(`${salt}/${key}`) * total;
  let end = 0;
  for (const share of canaryFirst) {
    end += share.percent;
    if (point < end) return share;
  }
  return canaryFirst.at(-1);
}

/** A place in [0, 1) that depends on every character: FNV-1a with the finaliser of MurmurHash3. */
function hashToUnitInterval(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  return (hash >>> 0) / 4_294_967_296;
}
