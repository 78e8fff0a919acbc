import { DriftDetected, DriftMeasured } from '@headrace/contracts';
import { Clock, type Declared, deterministicId } from '@headrace/kernel';
import { eventOf } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { type DriftPolicy } from '../domain/drift-policy.js';
import { DriftWindow } from '../domain/drift-window.js';
import { judgeDrift } from '../domain/judge-drift.js';
import { applyJudgement, type DriftKind, type ModelWatch, openWindow } from '../domain/model-watch.js';
import { type ReferenceProfile } from '../domain/reference-profile.js';
import { type DriftReport, type ModelUnitOfWork } from './ports.js';
import { type LoadedProfile } from './reference-profiles.js';
import { requestRetraining } from './request-retraining.js';

/** A reference without columns. A window that has no other reference is compared with it and is no-data. */
const emptyProfile: ReferenceProfile = {
  modelRunId: '',
  rows: 0,
  features: {},
  prediction: { edges: [], counts: [0], missing: 0, total: 0 },
};

/** Closes the open window of a model inside a unit of work: judges it, emits what follows, opens the next one. */
@Injectable()
export class CloseWindow {
  constructor(private readonly clock: Clock) {}

  async execute(
    unit: ModelUnitOfWork,
    watch: ModelWatch & { readonly champion: NonNullable<ModelWatch['champion']> },
    loaded: LoadedProfile,
    policy: Declared<DriftPolicy>,
  ): Promise<{ readonly watch: ModelWatch; readonly report: DriftReport }> {
    const now = this.clock.now();
    const profile = loaded.kind === 'loaded' ? loaded.profile : emptyProfile;
    const window =
      loaded.kind === 'loaded'
        ? openWindow(watch, profile).toState()
        : DriftWindow.open(profile, now).toState();
    const judgement = judgeDrift(profile, window, policy.value);
    const { modelName, champion } = watch;
    const driftId = deterministicId('drift', modelName, String(champion.version), watch.windowOpenedAt);
    const summary = {
      driftId,
      modelName,
      modelVersion: champion.version,
      windowStart: window.firstEvent ?? watch.windowOpenedAt,
      windowEnd: window.lastEvent ?? now.toISOString(),
      rows: window.rows,
      referenceRows: profile.rows,
      policyVersion: policy.version,
    };
    const causationIds = window.lastFactId === undefined ? [] : [window.lastFactId];
    await unit.emit(
      eventOf(DriftMeasured, {
        id: driftId,
        time: now,
        causationIds,
        payload: {
          ...summary,
          verdict: judgement.verdict,
          scores: [...judgement.features, judgement.prediction].flatMap(({ feature, scores }) =>
            scores.map((score) => ({
              ...score,
              feature,
              value: score.value ?? null,
              pValue: score.pValue ?? null,
              drifted: score.drifted ?? null,
            })),
          ),
        },
      }),
    );
    const after = applyJudgement({ ...watch, window }, judgement, policy.value, now);
    for (const kind of after.confirmed) {
      await unit.emit(
        eventOf(DriftDetected, {
          id: deterministicId(driftId, kind),
          time: now,
          causationIds: [driftId],
          payload: {
            driftId,
            modelName,
            modelVersion: champion.version,
            kind,
            features: selectFeatures(kind, after.steadyFeatures, judgement.incompleteFeatures),
            evidence: judgement.evidence.slice(0, 100),
            windowsInARow: after.watch.streaks[kind],
            policyVersion: policy.version,
            detectedAt: now.toISOString(),
          },
        }),
      );
    }
    const retraining = await requestRetraining(unit, after.watch, policy, driftId, now);
    const report: DriftReport = {
      ...summary,
      closedAt: now.toISOString(),
      predictions: window.predictions,
      judgement,
      note: loaded.kind === 'missing' ? loaded.reason : undefined,
      retraining: retraining.decision,
    };
    await unit.saveReport(report);
    return { watch: retraining.watch, report };
  }
}

function selectFeatures(
  kind: DriftKind,
  drifted: readonly string[],
  incomplete: readonly string[],
): string[] {
  if (kind === 'feature') return [...drifted];
  return kind === 'data-quality' ? [...incomplete] : [];
}
