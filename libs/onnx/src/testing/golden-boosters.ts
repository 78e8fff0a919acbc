import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A booster with rows and answers of the library that made it; many rows lie exactly on thresholds, some are missing. */
export interface GoldenBooster {
  readonly name: string;
  readonly model: object;
  readonly rows: number;
  readonly features: Float32Array;
  readonly featureNames: readonly string[];
  readonly margins: Float32Array;
  readonly probabilities: Float32Array;
}

interface GoldenFile {
  readonly model: object;
  readonly features: readonly (readonly (number | null)[])[];
  readonly margins: readonly number[];
  readonly probabilities: readonly number[];
}

const directory = join(import.meta.dirname, '../golden');

export function goldenBoosters(): readonly GoldenBooster[] {
  return readdirSync(directory)
    .sort()
    .map((name) => {
      const file = JSON.parse(readFileSync(join(directory, name), 'utf8')) as GoldenFile;
      return {
        name,
        model: file.model,
        rows: file.features.length,
        features: Float32Array.from(file.features.flat(), (value) => value ?? NaN),
        featureNames: (file.features[0] ?? []).map((_, index) => `feature_${index}`),
        margins: Float32Array.from(file.margins),
        probabilities: Float32Array.from(file.probabilities),
      };
    });
}
