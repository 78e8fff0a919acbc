import { AppError, describeError } from '@headrace/kernel';
import { type FrozenHistogram } from '@headrace/statistics';
import { z } from 'zod';

const histogram = z
  .object({
    edges: z.array(z.number()),
    counts: z.array(z.number().nonnegative()),
    missing: z.number().nonnegative(),
    total: z.number().nonnegative(),
  })
  .refine(({ edges, counts }) => counts.length === edges.length + 1, 'needs one count more than edges')
  .refine(
    ({ edges }) => edges.every((edge, index) => index === 0 || edge > (edges[index - 1] ?? edge)),
    'edges must ascend',
  );

const profile = z.object({
  modelRunId: z.string(),
  rows: z.number().int().nonnegative(),
  features: z.record(z.string(), histogram),
  prediction: histogram,
});

/** The training data of a model as frozen bins: of every feature, and of the model's own predictions. */
export interface ReferenceProfile {
  readonly modelRunId: string;
  readonly rows: number;
  readonly features: Readonly<Record<string, FrozenHistogram>>;
  readonly prediction: FrozenHistogram;
}

/** The reference object of a champion is not a reference profile. Windows of the model are no-data until it is replaced. */
export class ReferenceUnusableError extends AppError {
  readonly code = 'DRIFT_REFERENCE_UNUSABLE';
  readonly kind = 'invalid';

  constructor(
    readonly key: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`Reference profile ${key} cannot be used: ${reason}; train the model again`, options);
  }
}

/** Throws ReferenceUnusableError for anything that is not a reference profile. */
export function parseReferenceProfile(key: string, content: Uint8Array): ReferenceProfile {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(content).toString('utf8'));
  } catch (error) {
    throw new ReferenceUnusableError(key, describeError(error), { cause: error });
  }
  const parsed = profile.safeParse(json);
  if (!parsed.success) throw new ReferenceUnusableError(key, z.prettifyError(parsed.error));
  return parsed.data;
}
