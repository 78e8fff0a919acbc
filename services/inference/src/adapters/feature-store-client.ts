import { type HttpPeer } from '@headrace/service-host';
import { z } from 'zod';
import { OnlineFeatures, type FeatureSnapshot } from '../application/ports.js';

/** The answer of a Feast feature server: one result a column. */
const onlineFeatures = z.object({
  metadata: z.object({
    feature_names: z.array(z.string()),
    features_ids: z.record(z.string(), z.array(z.string().nullable())).optional(),
  }),
  results: z.array(
    z.object({
      values: z.array(z.unknown()),
      statuses: z.array(z.string()).optional(),
      event_timestamps: z.array(z.string()).optional(),
    }),
  ),
});

/** Reads one view of the feature store over its HTTP API. A value that is too old counts as missing. */
export class FeatureStoreClient extends OnlineFeatures {
  constructor(
    private readonly peer: HttpPeer,
    private readonly view: string,
  ) {
    super();
  }

  async read(systemId: string, featureNames: readonly string[]): Promise<FeatureSnapshot> {
    const answer = await this.peer.post(
      '/get-online-features',
      {
        features: featureNames.map((name) => `${this.view}:${name}`),
        entities: { system_id: [systemId] },
        full_feature_names: false,
      },
      onlineFeatures,
    );
    const features: Record<string, number | null> = {};
    let newest = 0;
    for (const [column, name] of answer.metadata.feature_names.entries()) {
      const result = answer.results[column];
      if (name === 'system_id' || result === undefined) continue;
      const value = result.values[0];
      const present = (result.statuses?.[0] ?? 'PRESENT') === 'PRESENT' && typeof value === 'number';
      features[name] = present ? value : null;
      const instant = Date.parse(result.event_timestamps?.[0] ?? '');
      if (present && instant > newest) newest = instant;
    }
    return {
      features,
      eventTime: newest > 0 ? new Date(newest) : undefined,
      featuresId: answer.metadata.features_ids?.[this.view]?.[0] ?? undefined,
    };
  }
}
