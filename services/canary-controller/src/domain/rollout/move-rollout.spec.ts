import { RolloutPromoted, RolloutRolledBack, TrafficShifted } from '@headrace/contracts';
import { describe, expect, it } from 'vitest';
import { type Judgement } from '../evidence/judge-step.js';
import { rolloutPolicy } from '../policy/rollout-policy.js';
import { newDelivery, type Delivery } from './delivery.js';
import { conclude, enterStep, newRollout, pause, resume, supersede } from './move-rollout.js';
import { RolloutOverError, type Rollout, type Version } from './rollout.js';

const policy = rolloutPolicy.parse({
  name: 'p',
  steps: [10, 50, 100],
  stepSeconds: 60,
  longestStepSeconds: 300,
  prepareSeconds: 120,
  pauseSeconds: 3_600,
  outcomes: { label: 'l' },
  criteria: [{ metric: 'error_rate', direction: 'at-most', threshold: 0.05 }],
});
const declared = { name: 'p', version: 'abc', digest: 'sha256:abc', value: policy };
const version = (modelVersion: number): Version => ({
  modelVersion,
  digest: `sha256:${modelVersion}`,
  artifactKey: `models/${modelVersion}`,
  featureNames: ['a'],
  validated: true,
});
const noon = Date.UTC(2026, 10, 23, 12);
const contextAt = (seconds: number, reason = 'test') => ({
  now: new Date(noon + seconds * 1_000),
  reason,
  actor: 'ada',
  causationIds: ['e1'],
});
const delivery: Delivery = { ...newDelivery('m'), stable: version(1), previous: [version(0)] };
const rollout = newRollout(delivery, version(2), declared, 'canary', contextAt(0));
const healthy: Judgement = {
  verdict: 'healthy',
  evidence: [
    {
      criterion: 'error_rate',
      verdict: 'healthy',
      value: 0.01,
      threshold: 0.05,
      direction: 'at-most',
      sampleSize: 1_000,
    },
  ],
};

function enter(step: number, seconds: number): Rollout {
  const { active } = enterStep(delivery, rollout, step, contextAt(seconds)).delivery;
  if (active === undefined) throw new Error('no rollout');
  return active;
}

describe('newRollout', () => {
  it('prepares the candidate at 0 % until the deadline of the policy, with the version of the policy', () => {
    expect(rollout).toMatchObject({
      state: 'preparing',
      step: -1,
      policyVersion: 'p@abc',
      baseline: { modelVersion: 1 },
      startedAt: '2026-11-23T12:00:00.000Z',
      deadline: '2026-11-23T12:02:00.000Z',
      causationIds: ['e1'],
    });
    expect(rollout.decisions).toEqual([
      {
        at: '2026-11-23T12:00:00.000Z',
        action: 'start',
        percent: 0,
        verdict: undefined,
        reason: 'test',
        actor: 'ada',
        evidence: [],
      },
    ]);
  });
});

describe('enterStep', () => {
  it('shifts the traffic of the step with its deadline and counts the step from zero', () => {
    const used = {
      ...rollout,
      holdsStated: 3,
      statistics: {
        ...rollout.statistics,
        canary: { predictions: 7, errors: 1, latencies: {}, systems: [] },
      },
    };
    const change = enterStep(delivery, used, 1, contextAt(60, 'next'));
    expect(change.delivery.active).toMatchObject({
      state: 'analysing',
      step: 1,
      holdsStated: 0,
      stepStartedAt: '2026-11-23T12:01:00.000Z',
      deadline: '2026-11-23T12:06:00.000Z',
      statistics: { canary: { predictions: 0, errors: 0 }, canaryBefore: { predictions: 7, errors: 1 } },
    });
    expect(change.events).toHaveLength(1);
    expect(change.events[0]).toMatchObject({
      definition: { type: TrafficShifted.type },
      actor: 'ada',
      causationIds: ['e1'],
      correlationId: rollout.rolloutId,
      payload: {
        rolloutId: rollout.rolloutId,
        reason: 'next',
        weights: [
          { modelVersion: 1, arm: 'baseline', percent: 50, artifactKey: 'models/1' },
          { modelVersion: 2, arm: 'canary', percent: 50, artifactKey: 'models/2' },
        ],
      },
    });
  });
});

describe('pause and resume', () => {
  it('pauses until the deadline of the policy and keeps the evidence of that moment', () => {
    const paused = pause(enter(0, 0), healthy, contextAt(30, 'lunch'));
    expect(paused).toMatchObject({
      state: 'paused',
      step: 0,
      reason: 'lunch',
      deadline: '2026-11-23T13:00:30.000Z',
    });
    expect(paused.decisions.at(-1)).toMatchObject({
      action: 'pause',
      percent: 10,
      verdict: 'healthy',
      evidence: healthy.evidence,
    });
  });

  it('resumes the same step with a new deadline', () => {
    const paused = pause(enter(1, 0), healthy, contextAt(30));
    const resumed = resume(paused, healthy, contextAt(90));
    expect(resumed).toMatchObject({
      state: 'analysing',
      step: 1,
      stepStartedAt: '2026-11-23T12:01:30.000Z',
      deadline: '2026-11-23T12:06:30.000Z',
    });
    expect(resumed.decisions.map(({ action }) => action)).toEqual(['start', 'pause', 'resume']);
  });
});

describe('supersede', () => {
  it('ends a rollout in favour of a newer version and says which', () => {
    const superseded = supersede(enter(0, 0), version(3), contextAt(10));
    expect(superseded).toMatchObject({
      state: 'superseded',
      endedAt: '2026-11-23T12:00:10.000Z',
      reason: 'version 3 supersedes it',
    });
    expect(superseded.decisions.at(-1)).toMatchObject({ action: 'supersede', verdict: 'no-data' });
  });
});

describe('conclude', () => {
  it('promotes: the candidate serves everything and the old version is the one to go back to', () => {
    const change = conclude(delivery, enter(2, 0), 'promoted', healthy, contextAt(60, 'all held'));
    expect(change.delivery).toMatchObject({
      stable: { modelVersion: 2 },
      previous: [{ modelVersion: 1 }, { modelVersion: 0 }],
      active: undefined,
      ended: [{ state: 'promoted', endedAt: '2026-11-23T12:01:00.000Z', reason: 'all held' }],
    });
    expect(change.events.map(({ definition }) => definition.type)).toEqual([
      TrafficShifted.type,
      RolloutPromoted.type,
    ]);
    expect(change.events[0]?.payload).toMatchObject({
      rolloutId: null,
      weights: [{ modelVersion: 2, arm: 'baseline', percent: 100 }],
    });
    expect(change.events[1]?.payload).toMatchObject({
      modelVersion: 2,
      previousVersion: 1,
      policyVersion: 'p@abc',
      evidence: healthy.evidence,
    });
  });

  it('rolls back: the baseline gets everything and stays the stable version', () => {
    const degraded: Judgement = { ...healthy, verdict: 'degraded' };
    const change = conclude(delivery, enter(0, 0), 'rolled-back', degraded, contextAt(5, 'errors'));
    expect(change.delivery).toMatchObject({
      stable: { modelVersion: 1 },
      previous: [{ modelVersion: 0 }],
      active: undefined,
      ended: [{ state: 'rolled-back', reason: 'errors' }],
    });
    expect(change.events.map(({ definition }) => definition.type)).toEqual([
      TrafficShifted.type,
      RolloutRolledBack.type,
    ]);
    expect(change.events[0]?.payload).toMatchObject({ weights: [{ modelVersion: 1, percent: 100 }] });
    expect(change.events[1]?.payload).toMatchObject({ modelVersion: 2, restoredVersion: 1 });
  });

  it('shifts no traffic when there is no baseline to shift it to', () => {
    const first = newRollout(newDelivery('m'), version(1), declared, 'canary', contextAt(0));
    const change = conclude(newDelivery('m'), first, 'rolled-back', healthy, contextAt(1));
    expect(change.events.map(({ definition }) => definition.type)).toEqual([RolloutRolledBack.type]);
    expect(change.events[0]?.payload).toMatchObject({ restoredVersion: null });
  });

  it('reports the version that a rollback leaves, and does not offer it as a target', () => {
    const back = newRollout(delivery, version(0), declared, 'rollback', contextAt(0));
    const change = conclude(delivery, back, 'promoted', healthy, contextAt(1));
    expect(change.delivery.stable?.modelVersion).toBe(0);
    expect(change.delivery.previous).toEqual([]);
    expect(change.events.map(({ definition }) => definition.type)).toEqual([
      TrafficShifted.type,
      RolloutRolledBack.type,
      RolloutPromoted.type,
    ]);
    expect(change.events[1]?.payload).toMatchObject({ modelVersion: 1, restoredVersion: 0 });
  });

  it('keeps the last twenty versions to go back to', () => {
    const long = { ...delivery, previous: Array.from({ length: 20 }, (_, index) => version(100 + index)) };
    const { previous } = conclude(long, rollout, 'promoted', healthy, contextAt(1)).delivery;
    expect(previous).toHaveLength(20);
    expect([previous[0]?.modelVersion, previous.at(-1)?.modelVersion]).toEqual([1, 118]);
  });

  it('refuses a rollout that has ended', () => {
    const [ended] = conclude(delivery, rollout, 'promoted', healthy, contextAt(1)).delivery.ended;
    if (ended === undefined) throw new Error('nothing ended');
    expect(() => conclude(delivery, ended, 'rolled-back', healthy, contextAt(2))).toThrow(RolloutOverError);
  });

  it('gives its events the same ids again, so that a repeat is recognised', () => {
    const ids = (): readonly string[] =>
      conclude(delivery, rollout, 'promoted', healthy, contextAt(1)).events.map(({ id }) => id);
    expect(ids()).toEqual(ids());
    expect(new Set(ids()).size).toBe(2);
  });
});
