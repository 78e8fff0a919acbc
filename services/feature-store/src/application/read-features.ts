import { AppError, finiteOrNull, Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { Catalog, FeatureNotFoundError } from './catalog.js';
import { type FeatureView } from '../domain/feature-view.js';
import { featuresIdBehind, type OnlineRow } from '../domain/online-row.js';
import { OnlineStore } from './ports.js';

export class SystemNotFoundError extends AppError {
  readonly code = 'FEATURE_STORE_SYSTEM_UNKNOWN';
  readonly kind = 'not-found';

  constructor(systemId: string, view: string) {
    super(
      `Nothing is known of the system "${systemId}" in ${view}; it has sent no reading, or none for a long time`,
    );
  }
}

export type FeatureStatus = 'PRESENT' | 'NULL_VALUE' | 'NOT_FOUND' | 'OUTSIDE_MAX_AGE';

export interface ServedFeature {
  readonly value: number | null;
  readonly status: FeatureStatus;
}

export interface ServedRow {
  readonly row: OnlineRow | undefined;
  /** The event with the features; undefined when there are none, or when they were pushed. */
  readonly featuresId: string | undefined;
  /** Milliseconds between the event and now. */
  readonly ageMs: number | undefined;
  /** In the order of the requested features. */
  readonly features: readonly ServedFeature[];
}

/** Reads the newest features of systems and enforces the TTL on every read. */
@Injectable()
export class ReadFeatures {
  constructor(
    private readonly catalog: Catalog,
    private readonly online: OnlineStore,
    private readonly clock: Clock,
  ) {}

  async execute(
    viewName: string,
    features: readonly string[] | undefined,
    systemIds: readonly string[],
  ): Promise<readonly ServedRow[]> {
    const view = this.catalog.view(viewName);
    const indexes = (features ?? view.featureNames).map((name) => indexOf(view, name));
    const rows = await this.online.read(view, systemIds);
    const now = this.clock.now().getTime();
    return rows.map((row) => {
      if (row === undefined) {
        return {
          row,
          featuresId: undefined,
          ageMs: undefined,
          features: indexes.map(() => ({ value: null, status: 'NOT_FOUND' })),
        };
      }
      const ageMs = now - row.eventTime;
      const expired = ageMs > view.declaration.ttlSeconds * 1_000;
      return {
        row,
        featuresId: featuresIdBehind(row, view.rule),
        ageMs,
        features: indexes.map((index) => serve(row.values[index], expired)),
      };
    });
  }
}

function serve(value: number | undefined, expired: boolean): ServedFeature {
  if (expired) return { value: null, status: 'OUTSIDE_MAX_AGE' };
  const wire = finiteOrNull(value);
  return { value: wire, status: wire === null ? 'NULL_VALUE' : 'PRESENT' };
}

function indexOf(view: FeatureView, feature: string): number {
  const index = view.featureNames.indexOf(feature);
  if (index < 0) throw new FeatureNotFoundError(feature, view.name);
  return index;
}
