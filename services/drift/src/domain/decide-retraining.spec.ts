import { describe, expect, it } from 'vitest';
import { decideRetraining, type RetrainingCase } from './decide-retraining.js';

const policy = {
  cooldownSeconds: 3600,
  answerWithinSeconds: 0,
  perDay: 2,
  whenImpactUnknown: 'hold' as const,
};
const now = new Date('2026-11-23T12:00:00Z');
const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
const shift = { since: ago(2), what: 'cpu', evidence: [] };
const performance = (verdict: 'healthy' | 'degraded' | 'inconclusive', windowEnd = ago(1)) => ({
  verdict,
  windowEnd,
  evidence: [],
});
const decide = (given: Partial<RetrainingCase>, changed: Partial<typeof policy> = {}) =>
  decideRetraining(
    {
      now,
      shift: undefined,
      performance: undefined,
      dataBroken: false,
      requestedBefore: [],
      newModel: { stage: 'none' },
      ...given,
    },
    { ...policy, ...changed },
  );

describe('decideRetraining', () => {
  it('holds while nothing moved', () => {
    expect(decide({})).toEqual({ action: 'hold', because: 'nothing-moved' });
    expect(decide({ performance: performance('healthy') })).toEqual({
      action: 'hold',
      because: 'nothing-moved',
    });
  });

  it('holds for a shift after which performance held: a harmless shift retrains nothing', () => {
    expect(decide({ shift, performance: performance('healthy') })).toEqual({
      action: 'hold',
      because: 'harmless',
    });
  });

  it('waits for outcomes when performance was last measured before the shift, unless the policy says to act', () => {
    const before = performance('healthy', ago(3));
    expect(decide({ shift, performance: before })).toEqual({ action: 'hold', because: 'impact-unknown' });
    expect(decide({ shift })).toEqual({ action: 'hold', because: 'impact-unknown' });
    expect(decide({ shift, performance: performance('inconclusive') })).toMatchObject({
      because: 'impact-unknown',
    });
    const request = { action: 'request', reason: 'cpu drifted, impact unknown' };
    expect(decide({ shift }, { whenImpactUnknown: 'request' as 'hold' })).toMatchObject(request);
  });

  it('requests when it hurts, with a shift or without one', () => {
    const hurts = performance('degraded');
    expect(decide({ shift, performance: hurts })).toMatchObject({
      action: 'request',
      reason: 'performance is degraded, cpu drifted',
    });
    expect(decide({ performance: hurts })).toMatchObject({ reason: 'performance is degraded' });
  });

  it('does not learn from broken data', () => {
    expect(decide({ performance: performance('degraded'), dataBroken: true })).toMatchObject({
      because: 'data-broken',
    });
  });

  it.each(['training', 'rollout'] as const)('asks for nothing new during a %s, however long ago', (stage) => {
    const requested = { performance: performance('degraded'), requestedBefore: [ago(200)] };
    expect(decide({ ...requested, newModel: { stage } })).toEqual({ action: 'hold', because: stage });
    expect(decide({ ...requested, newModel: { stage: 'none' } })).toMatchObject({ action: 'request' });
  });

  it('waits for what must follow a request or a training, and asks again when that was lost', () => {
    const requested = { performance: performance('degraded'), requestedBefore: [ago(9)] };
    const patient = { answerWithinSeconds: 3 * 3600 };
    const silentFor = (hours: number) => ({ stage: 'handed-over', since: ago(hours) }) as const;
    expect(decide({ ...requested, newModel: silentFor(2.999) }, patient)).toMatchObject({
      because: 'answer-pending',
    });
    expect(decide({ ...requested, newModel: silentFor(3) }, patient)).toMatchObject({ action: 'request' });
  });

  it('keeps the cooldown to the second and the budget of a day', () => {
    const hurts = { performance: performance('degraded') };
    expect(decide({ ...hurts, requestedBefore: [ago(0.999)] })).toMatchObject({ because: 'cooldown' });
    expect(decide({ ...hurts, requestedBefore: [ago(1)] })).toMatchObject({ action: 'request' });
    expect(decide({ ...hurts, requestedBefore: [ago(23), ago(5)] })).toMatchObject({ because: 'budget' });
    expect(decide({ ...hurts, requestedBefore: [ago(25), ago(5)] })).toMatchObject({ action: 'request' });
  });
});
