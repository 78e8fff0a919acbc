import { AppError } from '@headrace/kernel';
import { z } from 'zod';
import { type Catalog } from '../../application/catalog.js';
import { type ReadFeatures, type ServedFeature } from '../../application/read-features.js';

const maxEntities = 10_000;
const epoch = '1970-01-01T00:00:00Z';

export const onlineRequestSchema = z
  .object({
    /** `view:feature`. */
    features: z.array(z.string().min(1)).min(1).max(1_000).optional(),
    /** All features of a view, by its name. */
    feature_service: z.string().min(1).optional(),
    entities: z.object({
      system_id: z.array(z.union([z.string().min(1).max(512), z.number()])).max(maxEntities),
    }),
    full_feature_names: z.boolean().default(false),
  })
  .refine(({ features, feature_service }) => (features === undefined) !== (feature_service === undefined), {
    message: 'Give either features or feature_service',
  });
type OnlineRequest = z.output<typeof onlineRequestSchema>;

interface Column {
  readonly values: readonly unknown[];
  readonly statuses: readonly string[];
  readonly event_timestamps: readonly string[];
}

export interface OnlineAnswer {
  readonly metadata: {
    readonly feature_names: readonly string[];
    /**
     * An extension to Feast: by view, the `features.computed` event behind each entity's row; null when there is none.
     */
    readonly features_ids: Readonly<Record<string, readonly (string | null)[]>>;
  };
  readonly results: readonly Column[];
}

export class FeatureReferenceInvalidError extends AppError {
  readonly code = 'FEATURE_STORE_FEATURE_REFERENCE_INVALID';
  readonly kind = 'invalid';

  constructor(reference: string) {
    super(
      `"${reference}" does not name a feature; write view:feature, as in system_metrics:cpu_usage_mean_5m`,
    );
  }
}

/** One result per column, the join key first, in the requested order, also over several views. */
export async function answerOnlineFeatures(
  request: OnlineRequest,
  catalog: Catalog,
  readFeatures: ReadFeatures,
): Promise<OnlineAnswer> {
  const entities = request.entities.system_id;
  const systemIds = entities.map(String);
  const references =
    request.features?.map(parseReference) ??
    catalog.view(request.feature_service ?? '').featureNames.map((feature) => ({
      view: request.feature_service ?? '',
      feature,
    }));
  const columns = new Map<string, Column>();
  const featuresIds: Record<string, readonly (string | null)[]> = {};
  for (const view of new Set(references.map((reference) => reference.view))) {
    const names = references.filter((reference) => reference.view === view).map(({ feature }) => feature);
    const rows = await readFeatures.execute(view, names, systemIds);
    const stamps = rows.map(({ row }) => (row === undefined ? epoch : new Date(row.eventTime).toISOString()));
    featuresIds[view] = rows.map(({ featuresId }) => featuresId ?? null);
    for (const [index, feature] of names.entries()) {
      const served = rows.map(({ features }) => features[index]);
      columns.set(`${view}:${feature}`, toColumn(served, stamps));
    }
  }
  const featureNames = references.map(({ view, feature }) =>
    request.full_feature_names ? `${view}__${feature}` : feature,
  );
  return {
    metadata: { feature_names: ['system_id', ...featureNames], features_ids: featuresIds },
    results: [
      {
        values: entities,
        statuses: entities.map(() => 'PRESENT'),
        event_timestamps: entities.map(() => epoch),
      },
      ...references.flatMap(({ view, feature }) => columns.get(`${view}:${feature}`) ?? []),
    ],
  };
}

function toColumn(served: readonly (ServedFeature | undefined)[], stamps: readonly string[]): Column {
  return {
    values: served.map((feature) => feature?.value ?? null),
    statuses: served.map((feature) => feature?.status ?? 'NOT_FOUND'),
    event_timestamps: stamps,
  };
}

function parseReference(reference: string): { readonly view: string; readonly feature: string } {
  const [view, feature, ...rest] = reference.split(':');
  if (!view || !feature || rest.length > 0) throw new FeatureReferenceInvalidError(reference);
  return { view, feature };
}
