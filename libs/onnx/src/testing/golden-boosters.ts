import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A booster with rows and answers of the library that made it; many rows lie exactly on thresholds, some are missing. */
export interface GoldenBooster {
  /** Version of the library and case. */
  readonly name: string;
  readonly model: object;
  readonly ubj: Uint8Array | undefined;
  readonly rows: number;
  readonly features: Float32Array;
  readonly featureNames: readonly string[];
  /** Row after row; several a row when there are classes. */
  readonly margins: Float32Array;
  readonly answers: Float32Array;
}

/** Written by golden/make-boosters.py. */
interface GoldenFile {
  readonly origin: string;
  readonly columns: number;
  readonly cases: readonly {
    readonly name: string;
    readonly model: object;
    readonly ubj?: string;
    readonly features: readonly (number | null)[];
    readonly margins: readonly number[];
    readonly answers: readonly number[];
  }[];
}

const directory = join(import.meta.dirname, '../golden');

export function readGoldenBoosters(): readonly GoldenBooster[] {
  return readdirSync(directory)
    .sort()
    .flatMap((name) => {
      const { origin, columns, cases } = JSON.parse(
        readFileSync(join(directory, name), 'utf8'),
      ) as GoldenFile;
      return cases.map((golden) => ({
        name: `${origin.split(',')[0] ?? ''}: ${golden.name}`,
        model: golden.model,
        ubj: golden.ubj === undefined ? undefined : Buffer.from(golden.ubj, 'base64'),
        rows: golden.features.length / columns,
        features: Float32Array.from(golden.features, (value) => value ?? NaN),
        featureNames: Array.from({ length: columns }, (_, index) => `feature_${index}`),
        margins: Float32Array.from(golden.margins),
        answers: Float32Array.from(golden.answers),
      }));
    });
}
