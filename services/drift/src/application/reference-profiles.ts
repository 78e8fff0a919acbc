import { describeError, digestOf, isAppError } from '@headrace/kernel';
import { ObjectStore } from '@headrace/object-store';
import { ServiceLogger } from '@headrace/service-host';
import { Injectable } from '@nestjs/common';
import { type StoredObjectName } from '../domain/model-watch.js';
import {
  parseReferenceProfile,
  type ReferenceProfile,
  ReferenceUnusableError,
} from '../domain/reference-profile.js';

export type LoadedProfile =
  | { readonly kind: 'loaded'; readonly profile: ReferenceProfile }
  | { readonly kind: 'missing'; readonly reason: string };

/**
 * Loads each reference profile once and verifies its digest. An unusable profile is missing, with the reason; an
 * unreachable store throws.
 */
@Injectable()
export class ReferenceProfiles {
  private readonly loaded = new Map<string, LoadedProfile>();

  constructor(
    private readonly objects: ObjectStore,
    private readonly logger: ServiceLogger,
  ) {}

  async get(name: StoredObjectName | undefined): Promise<LoadedProfile> {
    if (!name) return { kind: 'missing', reason: 'the champion has no reference profile' };
    const id = `${name.digest} ${name.key}`;
    const cached = this.loaded.get(id);
    if (cached) return cached;
    const loaded = await this.load(name);
    this.loaded.set(id, loaded);
    return loaded;
  }

  private async load({ key, digest }: StoredObjectName): Promise<LoadedProfile> {
    try {
      const content = await this.objects.get(key);
      const actual = digestOf(content);
      if (actual !== digest) {
        throw new ReferenceUnusableError(key, `its digest is ${actual}, expected ${digest}`);
      }
      return { kind: 'loaded', profile: parseReferenceProfile(key, content) };
    } catch (error) {
      if (!isAppError(error) || error.retryable) throw error;
      this.logger.error({ key, digest, code: error.code }, describeError(error));
      return { kind: 'missing', reason: error.message };
    }
  }
}
