import { AliasChanged } from '@headrace/contracts';
import { Clock, deterministicId } from '@headrace/kernel';
import { eventOf } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { championAlias, assertCanBecomeChampion } from '../domain/champion-policy.js';
import { NotFoundError } from '../domain/registry-errors.js';
import { ModelLedger, type LedgerUnitOfWork, type ModelVersion } from './ports.js';

export interface MoveAliasRequest {
  readonly modelName: string;
  readonly alias: string;
  readonly version: number | undefined;
  readonly reason: string;
  /** A rollout that promoted the version, or somebody's request. */
  readonly by: 'rollout' | 'request';
  readonly rolloutId?: string;
  /** Only when the alias points to this version now; otherwise nothing happens. */
  readonly onlyFrom?: number;
  /** The event that this follows from; its effect happens once. */
  readonly cause?: { readonly id: string; readonly correlationId: string | undefined };
}

/** Points an alias to another version, or to none, and states it. The span before it stays in the history. */
@Injectable()
export class MoveAlias {
  constructor(
    private readonly ledger: ModelLedger,
    private readonly clock: Clock,
  ) {}

  execute(decision: MoveAliasRequest): Promise<void> {
    return this.ledger.change(async (change) => {
      const { modelName, alias, version: number, cause, by } = decision;
      if (cause !== undefined && !(await change.claim('move-alias', cause.id))) return;
      const version = number === undefined ? undefined : await change.lockVersion(modelName, number);
      if (number !== undefined && version === undefined) {
        throw new NotFoundError('version', `${modelName}/${number}`);
      }
      const previous = await change.lockAlias(modelName, alias);
      if (previous === undefined && version === undefined) {
        throw new NotFoundError('alias', `${modelName}/${alias}`);
      }
      if (previous !== undefined && previous.version === number) return;
      if (decision.onlyFrom !== undefined && previous?.version !== decision.onlyFrom) return;
      if (alias === championAlias && version !== undefined) {
        await admitChampion(change, version, decision, this.clock);
      }
      const at = this.clock.now();
      await change.moveAlias({
        modelName,
        alias,
        version: number,
        at,
        reason: decision.reason,
        rolloutId: decision.rolloutId,
      });
      await change.emit(
        eventOf(AliasChanged, {
          id: deterministicId(
            'alias-changed',
            modelName,
            alias,
            String(number),
            cause?.id ?? at.toISOString(),
          ),
          time: at,
          causationIds: cause === undefined ? [] : [cause.id],
          actor: by === 'rollout' ? 'canary-controller' : 'api',
          ...(cause?.correlationId === undefined ? {} : { correlationId: cause.correlationId }),
          payload: {
            modelName,
            alias,
            modelVersion: number ?? null,
            previousVersion: previous?.version ?? null,
            digest: version?.digest ?? null,
            artifactKey: version?.artifactKey ?? null,
            artifacts: version?.artifacts ?? {},
            featureNames: [...(version?.featureNames ?? [])],
            reason: decision.reason,
            rolloutId: decision.rolloutId ?? null,
            changedAt: at.toISOString(),
          },
        }),
      );
    });
  }
}

async function admitChampion(
  change: LedgerUnitOfWork,
  version: ModelVersion,
  decision: MoveAliasRequest,
  clock: Clock,
): Promise<void> {
  const unstable = version.unstableSince !== undefined;
  assertCanBecomeChampion({ ...version, unstable }, decision.by);
  if (unstable) await change.setStability(version, false, clock.now(), decision.reason, decision.rolloutId);
}
