import { refuse, type Link } from '../trees/tree-ensemble.js';

interface XgboostObjective {
  /** Maps a margin to an answer; with `softmax` there is one margin per class. */
  readonly link: Link | 'softmax';
  /** Maps the stored base score to the margin that the sum starts with. */
  readonly base: 'probability' | 'margin' | 'mean';
}

/**
 * The objectives whose answer this library can reproduce. `binary:logitraw` stores a margin in every version, although
 * its sibling stores a probability.
 */
const objectives: ReadonlyMap<string, XgboostObjective> = new Map([
  ['binary:logistic', { link: 'sigmoid', base: 'probability' }],
  ['reg:logistic', { link: 'sigmoid', base: 'probability' }],
  ['binary:logitraw', { link: 'identity', base: 'margin' }],
  ['reg:squarederror', { link: 'identity', base: 'margin' }],
  ['reg:squaredlogerror', { link: 'identity', base: 'margin' }],
  ['reg:absoluteerror', { link: 'identity', base: 'margin' }],
  ['reg:pseudohubererror', { link: 'identity', base: 'margin' }],
  ['count:poisson', { link: 'exp', base: 'mean' }],
  ['reg:gamma', { link: 'exp', base: 'mean' }],
  ['reg:tweedie', { link: 'exp', base: 'mean' }],
  ['multi:softprob', { link: 'softmax', base: 'margin' }],
  ['multi:softmax', { link: 'softmax', base: 'margin' }],
]);

export function findObjective(name: string): XgboostObjective {
  return (
    objectives.get(name) ??
    refuse(`objective ${name} is not supported; these are: ${[...objectives.keys()].join(', ')}`)
  );
}

/**
 * The margins that the sums of `groups` outputs begin with. `base_score` is a number, a text, or since 3.1 a list in a
 * text, `[5E-1]` or one entry for each class. A probability becomes a margin as the library does it, in float32 before
 * the logarithm: `-log(1 / p - 1)`; a value that cannot be one is a margin already. A mean becomes its logarithm.
 *
 * The logarithm here is the nearest float32. The library takes what the C library of its machine answers, which for one
 * base score in two hundred is the float32 beside it (measured with glibc); then every margin begins one unit in the last
 * place away.
 */
export function baseMargins(
  written: unknown,
  base: XgboostObjective['base'],
  groups: number,
): readonly number[] {
  const list = (
    Array.isArray(written)
      ? written
      : String(written)
          .replace(/^\[|\]$/g, '')
          .split(',')
  ).map((part: unknown) => {
    const text = String(part).trim();
    const score = Math.fround(Number(text));
    if (text === '' || !Number.isFinite(score)) refuse(`base_score ${String(written)} is not a number`);
    return toMargin(score, base);
  });
  const [first = 0] = list;
  if (list.length !== 1 && list.length !== groups) {
    refuse(`base_score has ${list.length} entries for ${groups} outputs`);
  }
  return list.length === groups ? list : new Array<number>(groups).fill(first);
}

function toMargin(score: number, base: XgboostObjective['base']): number {
  switch (base) {
    case 'margin':
      return score;
    case 'probability': {
      if (score <= 0 || score >= 1) return score;
      const odds = Math.fround(Math.fround(1 / score) - 1);
      return Math.fround(-Math.log(odds)) + 0;
    }
    case 'mean':
      if (score <= 0) refuse(`base_score ${score} is not a mean of counts`);
      return Math.fround(Math.log(score));
  }
}
