import { RetrainingRequested } from '@headrace/contracts';
import { type Declared, deterministicId } from '@headrace/kernel';
import { eventOf } from '@headrace/messaging';
import { type DriftPolicy } from '../domain/drift-policy.js';
import { decideRetraining } from '../domain/decide-retraining.js';
import { deriveNewModelStage, type ModelWatch } from '../domain/model-watch.js';
import { type ModelUnitOfWork } from './ports.js';

/** Decides whether the model is trained again, and emits the request if so. Returns the decision. */
export async function requestRetraining(
  unit: ModelUnitOfWork,
  watch: ModelWatch,
  { value: policy, version }: Declared<DriftPolicy>,
  causeId: string,
  now: Date,
): Promise<{ readonly watch: ModelWatch; readonly decision: string }> {
  const decision = decideRetraining(
    {
      now,
      shift: watch.shift && { ...watch.shift, since: new Date(watch.shift.since) },
      performance: watch.performance && {
        ...watch.performance,
        windowEnd: new Date(watch.performance.windowEnd),
      },
      dataBroken:
        watch.streaks['data-quality'] >= policy.windowsInARow ||
        Object.values(watch.failedSuites).some((failed) => failed >= policy.dataQuality.failedWindowsInARow),
      requestedBefore: watch.requestedAt.map((time) => new Date(time)),
      newModel: deriveNewModelStage(watch),
    },
    policy.retraining,
  );
  if (decision.action === 'hold') return { watch, decision: `hold: ${decision.because}` };
  const requestId = deterministicId('retraining', watch.modelName, causeId, version);
  const payload = {
    requestId,
    modelName: watch.modelName,
    reason: decision.reason,
    evidence: [...decision.evidence],
    policyVersion: version,
    requestedAt: now.toISOString(),
  };
  await unit.emit(
    eventOf(RetrainingRequested, { id: requestId, time: now, payload, causationIds: [causeId] }),
  );
  const requestedAt = [...watch.requestedAt, now.toISOString()].slice(-100);
  return { watch: { ...watch, requestedAt }, decision: `request: ${decision.reason}` };
}
