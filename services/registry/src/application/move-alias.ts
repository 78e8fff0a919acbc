import { AliasChanged, causedBy, type Cause } from '@headrace/contracts';
import { Clock, deterministicId } from '@headrace/kernel';
import { eventOf, type PendingEvent } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { type AliasSpan } from '../domain/alias-timeline.js';
import { championAlias, assertCanBecomeChampion } from '../domain/champion-policy.js';
import { NotFoundError } from '../domain/registry-errors.js';
import { ModelLedger, type LedgerUnitOfWork, type ModelVersion } from './ports.js';

export interface MoveAliasRequest {
  readonly modelName: string;
  readonly alias: string;
  readonly version: number | undefined;
  readonly reason: string;
  /** A rollout that promoted the version, or a request through the API. */
  readonly by: 'rollout' | 'request';
  readonly rolloutId?: string;
  /** Move the alias only if it points to this version now. */
  readonly onlyFrom?: number;
  /** The event that causes the move. Its effect is applied once. */
  readonly cause?: Cause;
}

/** Points an alias to another version, or removes it, and announces it. The previous span stays in the history. */
@Injectable()
export class MoveAlias {
  constructor(
    private readonly ledger: ModelLedger,
    private readonly clock: Clock,
  ) {}

  execute(request: MoveAliasRequest): Promise<void> {
    return this.ledger.change(async (unit) => {
      const { modelName, alias, version: number, cause, reason, rolloutId } = request;
      if (cause !== undefined && !(await unit.claim('move-alias', cause.id))) return;
      const version = number === undefined ? undefined : await unit.lockVersion(modelName, number);
      const previous = await unit.lockAlias(modelName, alias);
      if (previous === undefined && version === undefined) {
        throw new NotFoundError('alias', `${modelName}/${alias}`);
      }
      if (previous !== undefined && previous.version === number) return;
      if (request.onlyFrom !== undefined && previous?.version !== request.onlyFrom) return;
      if (alias === championAlias && version !== undefined) {
        await admitChampion(unit, version, request, this.clock);
      }
      const at = this.clock.now();
      await unit.moveAlias({ modelName, alias, version: number, at, reason, rolloutId });
      await unit.emit(toAliasChanged(request, version, previous, at));
    });
  }
}

function toAliasChanged(
  { modelName, alias, by, cause, reason, rolloutId }: MoveAliasRequest,
  version: ModelVersion | undefined,
  previous: AliasSpan | undefined,
  at: Date,
): PendingEvent<typeof AliasChanged> {
  return eventOf(AliasChanged, {
    id: deterministicId(
      'alias-changed',
      modelName,
      alias,
      String(version?.version),
      cause?.id ?? at.toISOString(),
    ),
    time: at,
    ...causedBy(cause),
    actor: by === 'rollout' ? 'canary-controller' : 'api',
    payload: {
      modelName,
      alias,
      modelVersion: version?.version ?? null,
      previousVersion: previous?.version ?? null,
      digest: version?.digest ?? null,
      artifactKey: version?.artifactKey ?? null,
      artifacts: version?.artifacts ?? {},
      featureNames: [...(version?.featureNames ?? [])],
      reason,
      rolloutId: rolloutId ?? null,
      changedAt: at.toISOString(),
    },
  });
}

async function admitChampion(
  unit: LedgerUnitOfWork,
  version: ModelVersion,
  request: MoveAliasRequest,
  clock: Clock,
): Promise<void> {
  const unstable = version.unstableSince !== undefined;
  assertCanBecomeChampion({ ...version, unstable }, request.by);
  if (unstable) await unit.setStability(version, false, clock.now(), request.reason, request.rolloutId);
}
