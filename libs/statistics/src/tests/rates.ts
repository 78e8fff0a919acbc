import { assertOpenShare } from '../samples/assert-parameter.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { type Interval } from './proportions.js';
import { logGamma, normalQuantile, normalTail, upperGamma } from '../samples/special-functions.js';

/** A number of events and the time, traffic or other exposure in which they occurred. */
export interface Rate {
  /** Whole number. */
  readonly events: number;
  /** In a unit that both sides share; 0 means nothing could happen. */
  readonly exposure: number;
}

export interface RateTestResult {
  /** rate of the first / rate of the second; Infinity when only the first has events. */
  readonly ratio: number;
  /** Two-sided. */
  readonly pValue: number;
  readonly method: 'exact' | 'score';
}

/** Maximum total number of events for an exact p-value. */
const EXACT_LIMIT = 20_000;
/** Relative tolerance of R and SciPy for outcomes as likely as the observed one. */
const AS_LIKELY = 1 + 1e-7;

/**
 * Do two Poisson rates differ? Two-sided, for one look at fixed data.
 *
 * Given k = k1 + k2 events, k1 is binomial with t1 / (t1 + t2) if the rates are equal: exact up to 20,000 events, by adding
 * the outcomes that are not likelier than the observed one. Beyond that, the score test z = (k1 - k p) / sqrt(k p (1 - p)).
 *
 * Undefined when a side has no exposure or nothing happened on either side. Assumes independent events; clustered ones
 * (retries of one failure) count as more than they are.
 *
 * @see Przyborowski & Wilenski (1940), Homogeneity of results in testing samples from Poisson series
 */
export function rateTest(first: Rate, second: Rate): RateTestResult | undefined {
  assertRate(first);
  assertRate(second);
  const events = first.events + second.events;
  if (first.exposure === 0 || second.exposure === 0 || events === 0) return undefined;
  const share = 1 / (1 + second.exposure / first.exposure);
  if (!(share > 0 && share < 1)) {
    throw new InvalidSampleError(
      `Exposures of ${first.exposure} and ${second.exposure} are too different to compare; bring both to one unit`,
    );
  }
  const ratio =
    first.events === 0 || second.events === 0
      ? first.events / second.events
      : (first.events / second.events) * (second.exposure / first.exposure);
  if (events > EXACT_LIMIT) {
    const z = (first.events - events * share) / Math.sqrt(events * share * (1 - share));
    return { ratio, pValue: Math.min(1, 2 * normalTail(Math.abs(z))), method: 'score' };
  }
  return { ratio, pValue: binomialTwoSided(first.events, events, share), method: 'exact' };
}

/**
 * Garwood's exact interval for a rate: from the Poisson mean under which at least the observed number of events has the
 * probability (1 - confidence) / 2 to the mean under which at most that number has it. Undefined without exposure.
 *
 * @see Garwood (1936), Fiducial limits for the Poisson distribution
 */
export function rateInterval(observed: Rate, confidence = 0.95): Interval | undefined {
  assertRate(observed);
  assertOpenShare('Confidence', confidence);
  const { events, exposure } = observed;
  if (exposure === 0) return undefined;
  const tail = (1 - confidence) / 2;
  // P(X >= k | mean) = P(k, mean) and P(X <= k | mean) = Q(k + 1, mean).
  const low = events === 0 ? 0 : solveMean((mean) => 1 - upperGamma(events, mean) < tail, events);
  const high = solveMean((mean) => upperGamma(events + 1, mean) > tail, events);
  return { low: low / exposure, high: high / exposure };
}

/**
 * Exposure each side needs to find a change from one rate to another (two-sided), by the square root that makes a Poisson
 * variance constant. Infinity for equal rates.
 *
 *   t = ((z_{1 - alpha/2} + z_{power}) / (sqrt(r1) - sqrt(r2)))^2 / 2
 */
export function exposurePerSide(from: number, to: number, alpha = 0.05, power = 0.8): number {
  assertOpenShare('alpha', alpha);
  assertOpenShare('Power', power);
  for (const rate of [from, to]) {
    if (!(rate >= 0 && rate < Infinity)) {
      throw new InvalidSampleError(`A rate must be finite and not negative, got ${rate}`);
    }
  }
  if (from === to) return Infinity;
  const needed = (normalQuantile(1 - alpha / 2) + normalQuantile(power)) / (Math.sqrt(from) - Math.sqrt(to));
  return needed ** 2 / 2;
}

function assertRate({ events, exposure }: Rate): void {
  if (!Number.isInteger(events) || events < 0 || !(exposure >= 0 && exposure < Infinity)) {
    throw new InvalidSampleError(`${events} events in ${exposure} is not a rate`);
  }
  if (exposure === 0 && events > 0) {
    throw new InvalidSampleError(`${events} events cannot happen in an exposure of 0`);
  }
}

/** The mean at which `isBelow` turns false, by bisection: it holds below the answer. */
function solveMean(isBelow: (mean: number) => boolean, events: number): number {
  let [low, high] = [0, 2 * events + 50];
  while (isBelow(high)) high *= 2;
  for (let halving = 0; halving < 100 && low < high; halving += 1) {
    const middle = (low + high) / 2;
    if (isBelow(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function binomialTwoSided(successes: number, trials: number, share: number): number {
  const logChance = (count: number): number =>
    logGamma(trials + 1) -
    logGamma(count + 1) -
    logGamma(trials - count + 1) +
    count * Math.log(share) +
    (trials - count) * Math.log1p(-share);
  const observed = logChance(successes) + Math.log(AS_LIKELY);
  let sum = 0;
  for (let count = 0; count <= trials; count += 1) {
    const chance = logChance(count);
    if (chance <= observed) sum += Math.exp(chance);
  }
  return Math.min(1, sum);
}
