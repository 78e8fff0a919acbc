import { AppError } from '@headrace/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advanceDelivery, startRollout, recordLoaded, recordLoadFailure } from './advance-delivery.js';
import { newDelivery, type Change, type Delivery } from './delivery.js';
import { rolloutPolicy } from '../policy/rollout-policy.js';
import { type Version } from './rollout.js';
import { rollBack, applyCommand } from './apply-command.js';
import { type StepStatistics } from '../evidence/step-statistics.js';

const policy = rolloutPolicy.parse({
  name: 'p',
  steps: [10, 50, 100],
  stepSeconds: 60,
  longestStepSeconds: 300,
  outcomes: { label: 'l' },
  criteria: [{ metric: 'error_rate', direction: 'at-most', threshold: 0.05 }],
});
const declared = { name: 'p', version: '1', digest: 'sha256:1', value: policy };
const began = Date.UTC(2026, 10, 23, 12);
const at = (seconds: number): Date => new Date(began + seconds * 1_000);
const contextAt = (seconds: number) => ({ now: at(seconds), reason: 'test' });
const version = (modelVersion: number): Version => ({
  modelVersion,
  digest: `sha256:${modelVersion}`,
  artifactKey: 'key',
  featureNames: [],
  validated: true,
});
const withChampion: Delivery = { ...newDelivery('m'), stable: version(1), versions: { 1: version(1) } };

function analysing(): Delivery {
  const { delivery } = startRollout(withChampion, version(2), declared, contextAt(0));
  return recordLoaded(delivery, 2, contextAt(0)).delivery;
}

function after(delivery: Delivery, predictions: number, errors: number): Delivery {
  const { active } = delivery;
  if (active === undefined) throw new Error('no rollout');
  const statistics: StepStatistics = {
    ...active.statistics,
    canary: { predictions, errors, latencies: {}, systems: undefined },
  };
  return { ...delivery, active: { ...active, statistics } };
}

const weightsOf = ({ events }: Change): unknown =>
  events
    .map(({ payload }) => payload as { weights?: readonly { modelVersion: number; percent: number }[] })
    .find(({ weights }) => weights !== undefined)
    ?.weights?.map(({ modelVersion, percent }) => [modelVersion, percent]);

describe('a delivery', () => {
  it('replaces the whole division at once, and 0 means 0 (seldon-core#5181)', () => {
    const started = startRollout(withChampion, version(2), declared, contextAt(0));
    expect(weightsOf(started)).toEqual([
      [1, 100],
      [2, 0],
    ]);
    const loaded = recordLoaded(started.delivery, 2, contextAt(1));
    expect(weightsOf(loaded)).toEqual([
      [1, 90],
      [2, 10],
    ]);
    expect(weightsOf(advanceDelivery(after(loaded.delivery, 1_000, 500), at(2)))).toEqual([[1, 100]]);
  });

  it('restarts the analysis for a newer version, from the first step (flagger#30)', () => {
    const restarted = startRollout(after(analysing(), 1_000, 0), version(3), declared, contextAt(30));
    expect(restarted.delivery.active).toMatchObject({ candidate: { modelVersion: 3 }, state: 'preparing' });
    expect(restarted.delivery.ended).toMatchObject([{ state: 'superseded' }]);
    expect(
      recordLoaded(restarted.delivery, 3, contextAt(31)).delivery.active?.statistics.canary.predictions,
    ).toBe(0);
  });

  it('does not advance on what is inconclusive, however often one looks (argo-rollouts#3850)', () => {
    let delivery = after(analysing(), 5, 0);
    const actions: unknown[] = [];
    for (let seconds = 1; seconds < 300; seconds += 1) {
      const change = advanceDelivery(delivery, at(seconds));
      delivery = change.delivery;
      actions.push(...change.events.map(({ payload }) => (payload as { action?: string }).action));
    }
    expect(delivery.active).toMatchObject({ state: 'analysing', step: 0 });
    expect(actions).toEqual(['hold', 'hold', 'hold', 'hold']);
    expect(advanceDelivery(delivery, at(300)).delivery.ended).toMatchObject([{ state: 'rolled-back' }]);
  });

  it('goes back to a version that has served before without analysis (argo-rollouts#574)', () => {
    const served: Delivery = {
      ...withChampion,
      stable: version(2),
      previous: [version(1)],
      loaded: [1],
    };
    const back = rollBack(served, declared, undefined, contextAt(0));
    expect(back.delivery).toMatchObject({ stable: { modelVersion: 1 }, active: undefined });
    expect(weightsOf(back)).toEqual([[1, 100]]);
  });

  it('refuses a damaged target before any traffic reaches it', () => {
    const served: Delivery = { ...withChampion, stable: version(2), previous: [version(1)] };
    const preparing = rollBack(served, declared, undefined, contextAt(0));
    expect(weightsOf(preparing)).toEqual([
      [2, 100],
      [1, 0],
    ]);
    const late = advanceDelivery(preparing.delivery, at(policy.prepareSeconds));
    expect(late.delivery).toMatchObject({ stable: { modelVersion: 2 }, active: undefined });
  });

  it('promotes in full while paused (argo-rollouts#2648)', () => {
    const delivery = analysing();
    const id = delivery.active?.rolloutId ?? '';
    const paused = applyCommand(delivery, id, 'pause', contextAt(1)).delivery;
    const promoted = applyCommand(paused, id, 'promote', { ...contextAt(2), actor: 'ada' });
    expect(promoted.delivery).toMatchObject({ stable: { modelVersion: 2 }, active: undefined });
    expect(weightsOf(promoted)).toEqual([[2, 100]]);
  });

  it('names value, threshold, rows and confidence of what ended it (flagger#1810)', () => {
    const ended = advanceDelivery(after(analysing(), 400, 100), at(1)).delivery.ended.at(-1);
    expect(ended?.decisions.at(-1)?.evidence).toMatchObject([
      { criterion: 'error_rate', verdict: 'degraded', value: 0.25, threshold: 0.05, sampleSize: 400 },
    ]);
    expect(ended?.reason).toBe('error_rate is 0.25, at-most 0.05 is allowed (400 rows)');
  });

  it('goes on from what was stored, whatever else was lost (seldon-core#5032)', () => {
    const stored = JSON.parse(JSON.stringify(after(analysing(), 1_000, 0))) as Delivery;
    expect(advanceDelivery(stored, at(60)).delivery.active).toMatchObject({ step: 1, state: 'analysing' });
  });
});

/** What the world may do to a delivery, in any order; what is refused leaves it was. */
type Step =
  | { readonly kind: 'create' | 'load' | 'refuse'; readonly modelVersion: number }
  | { readonly kind: 'pause' | 'resume' | 'promote' | 'abort' | 'roll-back' }
  | {
      readonly kind: 'look';
      readonly seconds: number;
      readonly predictions: number;
      readonly errors: number;
    };

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('create' as const, 'load' as const, 'refuse' as const),
    modelVersion: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    kind: fc.constantFrom(
      'pause' as const,
      'resume' as const,
      'promote' as const,
      'abort' as const,
      'roll-back' as const,
    ),
  }),
  fc.record({
    kind: fc.constant('look' as const),
    seconds: fc.integer({ min: 0, max: 400 }),
    predictions: fc.integer({ min: 0, max: 2_000 }),
    errors: fc.integer({ min: 0, max: 20 }),
  }),
);

function take(delivery: Delivery, step: Step, seconds: number): Change {
  const reason = { ...contextAt(seconds), actor: 'ada' };
  switch (step.kind) {
    case 'create':
      return startRollout(delivery, version(step.modelVersion), declared, contextAt(seconds));
    case 'load':
      return recordLoaded(delivery, step.modelVersion, contextAt(seconds));
    case 'refuse':
      return recordLoadFailure(delivery, step.modelVersion, 'damaged', contextAt(seconds));
    case 'roll-back':
      return rollBack(delivery, declared, undefined, reason);
    case 'look':
      return advanceDelivery(
        delivery.active === undefined
          ? delivery
          : after(delivery, step.predictions, Math.min(step.errors, step.predictions)),
        at(seconds),
      );
    default:
      return applyCommand(delivery, delivery.active?.rolloutId ?? 'none', step.kind, reason);
  }
}

describe('a delivery, whatever happens to it', () => {
  it('divides all of the traffic, ends with a record, and never promotes by itself what is not healthy', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 40 }), (taken) => {
        let delivery: Delivery = withChampion;
        let seconds = 0;
        for (const step of taken) {
          seconds += step.kind === 'look' ? step.seconds : 1;
          let change: Change;
          try {
            change = take(delivery, step, seconds);
          } catch (error) {
            // Refused by name, never by accident.
            expect(error).toBeInstanceOf(AppError);
            continue;
          }
          for (const { payload } of change.events) {
            const { weights } = payload as { weights?: readonly { percent: number }[] };
            if (weights !== undefined) {
              expect(weights.reduce((sum, { percent }) => sum + percent, 0)).toBe(100);
            }
          }
          for (const ended of change.delivery.ended.slice(delivery.ended.length)) {
            const record = ended.decisions.at(-1);
            expect(['promoted', 'rolled-back', 'superseded']).toContain(ended.state);
            expect(ended.endedAt).toBeDefined();
            expect(record?.reason).not.toBe('');
            const byItself = record?.actor === undefined && ended.kind === 'canary';
            if (ended.state === 'promoted' && byItself) expect(record?.verdict).toBe('healthy');
          }
          const { active } = change.delivery;
          if (active !== undefined) {
            expect(['preparing', 'analysing', 'paused']).toContain(active.state);
            expect(Date.parse(active.deadline)).toBeGreaterThanOrEqual(Date.parse(active.startedAt));
          }
          delivery = change.delivery;
        }
      }),
      { seed: 20_261_124, numRuns: 500 },
    );
  });
});
