import { type HyperbandOptions } from '../study/pruner-options.js';

/**
 * How Hyperband shares trials out: bracket s of `brackets` leaves its trials alone for s rungs longer than bracket 0.
 *
 * brackets = floor(log_eta(maxResource / minResource)) + 1, and of all trials bracket s gets a share of
 * ceil(brackets * eta^(brackets - 1 - s) / (brackets - s)).
 *
 * @see Li et al. (2018), Hyperband; Li et al. (2020), A system for massively parallel hyperparameter tuning
 */
export function hyperbandShares(options: HyperbandOptions): readonly number[] {
  const eta = options.reductionFactor ?? 3;
  const ratio = options.maxResource / (options.minResource ?? 1);
  // Counted, not computed: the quotient of two logarithms falls short of whole powers.
  let brackets = 1;
  while (eta ** brackets <= ratio) brackets += 1;
  return Array.from({ length: brackets }, (_, bracket) =>
    Math.ceil((brackets * eta ** (brackets - 1 - bracket)) / (brackets - bracket)),
  );
}

/** The bracket of a trial: by a checksum of its name and number, so that every worker finds the same. */
export function hyperbandBracketOf(options: HyperbandOptions, studyName: string, number: number): number {
  const shares = hyperbandShares(options);
  let place = crc32(`${studyName}_${number}`) % shares.reduce((sum, share) => sum + share, 0);
  return shares.findIndex((share) => (place -= share) < 0);
}

/** CRC-32 of ISO 3309 (reflected, polynomial 0xedb88320) over UTF-8. */
function crc32(text: string): number {
  let remainder = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) {
    remainder ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      remainder = (remainder >>> 1) ^ ((remainder & 1) === 1 ? 0xedb88320 : 0);
    }
  }
  return (remainder ^ 0xffffffff) >>> 0;
}
