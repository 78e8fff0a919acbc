import { RolloutPromoted, RolloutRolledBack, TrafficShifted } from '@headrace/contracts';
import { describe, expect, it } from 'vitest';
import { rolloutPolicy } from '../policy/rollout-policy.js';
import { recordLoaded, startRollout } from './advance-delivery.js';
import {
  applyCommand,
  NoActiveRolloutError,
  NothingToRollBackError,
  rollBack,
  RollbackTargetRefusedError,
  VersionNotFoundError,
  type RolloutCommand,
} from './apply-command.js';
import { newDelivery, type Delivery } from './delivery.js';
import { RolloutOverError, RolloutStateError, type Version } from './rollout.js';

const policy = rolloutPolicy.parse({
  name: 'p',
  steps: [10, 100],
  stepSeconds: 60,
  longestStepSeconds: 300,
  outcomes: { label: 'l' },
  criteria: [{ metric: 'error_rate', direction: 'at-most', threshold: 0.05 }],
});
const declared = { name: 'p', version: 'abc', digest: 'sha256:abc', value: policy };
const version = (modelVersion: number): Version => ({
  modelVersion,
  digest: `sha256:${modelVersion}`,
  artifactKey: `models/${modelVersion}`,
  featureNames: [],
  validated: true,
});
const context = { now: new Date('2026-11-23T12:00:00Z'), reason: 'on call', actor: 'ada' };
const served: Delivery = {
  ...newDelivery('m'),
  stable: version(2),
  previous: [version(1)],
  versions: { 1: version(1), 2: version(2) },
  loaded: [1],
};
const preparing = startRollout(served, version(3), declared, context).delivery;
const analysing = recordLoaded(preparing, 3, context).delivery;
const id = preparing.active?.rolloutId ?? '';
const command = (delivery: Delivery, name: RolloutCommand) => applyCommand(delivery, id, name, context);
const paused = command(analysing, 'pause').delivery;

describe('applyCommand', () => {
  it.each([
    ['preparing', preparing, { pause: false, resume: false, promote: false, abort: true }],
    ['analysing', analysing, { pause: true, resume: false, promote: true, abort: true }],
    ['paused', paused, { pause: false, resume: true, promote: true, abort: true }],
  ] as const)('accepts of a rollout that is %s what fits its state', (_, delivery, accepted) => {
    for (const [name, fits] of Object.entries(accepted)) {
      const act = () => command(delivery, name as RolloutCommand);
      if (fits) expect(act).not.toThrow();
      else expect(act).toThrow(RolloutStateError);
    }
  });

  it('pauses without an event: the traffic stays as it is', () => {
    const change = command(analysing, 'pause');
    expect(change.events).toEqual([]);
    expect(change.delivery.active).toMatchObject({ state: 'paused', step: 0, reason: 'on call' });
    expect(change.delivery.active?.decisions.at(-1)).toMatchObject({
      action: 'pause',
      actor: 'ada',
      verdict: 'no-data',
    });
  });

  it('resumes the paused step', () => {
    expect(command(paused, 'resume').delivery.active).toMatchObject({ state: 'analysing', step: 0 });
  });

  it('promotes with the person as actor and the evidence of the moment, also when that is no-data', () => {
    const change = command(analysing, 'promote');
    expect(change.delivery).toMatchObject({ stable: { modelVersion: 3 }, active: undefined });
    expect(change.events.map(({ definition, actor }) => [definition.type, actor])).toEqual([
      [TrafficShifted.type, 'ada'],
      [RolloutPromoted.type, 'ada'],
    ]);
    expect(change.delivery.ended.at(-1)?.decisions.at(-1)).toMatchObject({ verdict: 'no-data' });
  });

  it('aborts back to the stable version', () => {
    const change = command(analysing, 'abort');
    expect(change.delivery).toMatchObject({
      stable: { modelVersion: 2 },
      active: undefined,
      ended: [{ state: 'rolled-back' }],
    });
    expect(change.events.map(({ definition }) => definition.type)).toEqual([
      TrafficShifted.type,
      RolloutRolledBack.type,
    ]);
  });

  it('refuses a rollout that has ended, and one that does not exist, by name', () => {
    const ended = command(analysing, 'abort').delivery;
    expect(() => command(ended, 'abort')).toThrow(RolloutOverError);
    expect(() => applyCommand(analysing, 'other', 'abort', context)).toThrow(NoActiveRolloutError);
  });
});

describe('rollBack', () => {
  it('aborts a canary with traffic instead of going back one version more', () => {
    const change = rollBack(analysing, declared, undefined, context);
    expect(change.delivery).toMatchObject({ stable: { modelVersion: 2 }, active: undefined });
    expect(change.delivery.ended).toMatchObject([{ rolloutId: id, state: 'rolled-back' }]);
  });

  it('supersedes a canary that is still being prepared and goes back at once to a loaded version', () => {
    const change = rollBack(preparing, declared, undefined, context);
    expect(change.delivery).toMatchObject({ stable: { modelVersion: 1 }, previous: [], active: undefined });
    expect(change.delivery.ended).toMatchObject([
      { rolloutId: id, state: 'superseded' },
      { kind: 'rollback', state: 'promoted', candidate: { modelVersion: 1 } },
    ]);
    expect(change.delivery.ended.at(-1)?.decisions.at(-1)?.evidence).toMatchObject([
      { criterion: 'loads', verdict: 'healthy', value: 1, threshold: 1 },
    ]);
  });

  it('prepares a target that is not loaded, at 0 %', () => {
    const change = rollBack({ ...served, loaded: [] }, declared, undefined, context);
    expect(change.delivery).toMatchObject({
      stable: { modelVersion: 2 },
      active: { kind: 'rollback', state: 'preparing', candidate: { modelVersion: 1 } },
    });
    expect(change.events[0]?.payload).toMatchObject({
      weights: [
        { modelVersion: 2, percent: 100 },
        { modelVersion: 1, percent: 0 },
      ],
    });
  });

  it('goes to the named version, whatever served in between', () => {
    const many = {
      ...served,
      versions: { ...served.versions, 7: version(7) },
      previous: [...served.previous, version(7)],
      loaded: [7],
    };
    expect(rollBack(many, declared, 7, context).delivery.stable?.modelVersion).toBe(7);
  });

  it('refuses a version that never served, or that was rolled back from, and moves nothing (argo-rollouts#574, #2168)', () => {
    const known = { ...served, versions: { ...served.versions, 7: version(7) }, loaded: [1, 2, 7] };
    expect(() => rollBack(known, declared, 7, context)).toThrow(RollbackTargetRefusedError);
    const left = rollBack({ ...served, loaded: [1] }, declared, undefined, context).delivery;
    expect(left.stable?.modelVersion).toBe(1);
    expect(() => rollBack({ ...left, loaded: [1, 2] }, declared, 2, context)).toThrow(
      'there is no version to roll back to',
    );
  });

  it('refuses by name a version that does not exist, the stable one, and a model without a previous one', () => {
    expect(() => rollBack(served, declared, 9, context)).toThrow(VersionNotFoundError);
    expect(() => rollBack(served, declared, 2, context)).toThrow(NothingToRollBackError);
    expect(() => rollBack({ ...served, previous: [] }, declared, undefined, context)).toThrow(
      NothingToRollBackError,
    );
  });
});
