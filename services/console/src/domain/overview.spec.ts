import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allEvents, DriftDetected, TrialCompleted } from '@headrace/contracts';
import { describe, expect, it } from 'vitest';
import { foldEvent } from './fold-event.js';
import { Overview } from './overview.js';

const golden = (sample: string): unknown =>
  JSON.parse(
    readFileSync(
      join(import.meta.dirname, `../../../../libs/contracts/src/events/golden/${sample}.json`),
      'utf8',
    ),
  );
const at = '2026-11-23T10:00:00Z';
const apply = (overview: Overview, event: string, id = event): void => {
  const definition = allEvents.find(({ topic }) => topic.includes(`.${event}.`))!;
  foldEvent(overview, { id, type: definition.type, time: at, payload: golden(`${event}.v1`) });
};
const prediction = (id: string, eventTime: string) => ({
  predictionId: id,
  eventTime,
  probability: 0.5,
  version: 1,
  arm: 'baseline',
  outcome: undefined,
});

describe('the overview', () => {
  it('walks a version from created over canary to champion', () => {
    const overview = new Overview();
    apply(overview, 'model-version-created');
    expect(overview.versions.get('performance-predictor/3')?.state).toBe('created');
    apply(overview, 'rollout-started');
    expect(overview.versions.get('performance-predictor/3')?.state).toBe('canary');
    apply(overview, 'traffic-shifted');
    expect(overview.rollouts.get('r-9')?.percent).toBe(5);
    apply(overview, 'alias-changed');
    expect(overview.champion('performance-predictor')?.version).toBe(3);
  });

  it('shows the same rollout and champion when the topics are read in another order', () => {
    const overview = new Overview();
    for (const event of [
      'rollout-promoted',
      'alias-changed',
      'rollout-started',
      'step-judged',
      'model-version-created',
    ]) {
      apply(overview, event);
    }
    expect(overview.rollouts.get('r-9')).toMatchObject({
      state: 'promoted',
      percent: 100,
      steps: [5, 10, 25, 50, 100],
      baselineVersion: 2,
    });
    expect(overview.champion('performance-predictor')).toMatchObject({ version: 3 });
    expect(overview.champion('performance-predictor')?.metrics).not.toEqual({});
  });

  it('counts and lists an event that is delivered twice once', () => {
    const overview = new Overview();
    apply(overview, 'alert-fired', 'same');
    apply(overview, 'alert-fired', 'same');
    expect(overview.counts.alerts).toBe(1);
    expect(overview.timeline).toHaveLength(1);
  });

  it('removes a resolved alert and keeps who took it over before', () => {
    const overview = new Overview();
    apply(overview, 'alert-fired');
    apply(overview, 'alert-acknowledged');
    expect(overview.alerts.get('al-1')?.acknowledgedBy).toBe('on-call');
    apply(overview, 'alert-resolved');
    expect(overview.alerts.size).toBe(0);
  });

  it('joins an outcome with its prediction by instant, whatever the notation of the zone', () => {
    const overview = new Overview();
    overview.addPrediction('web-1', prediction('a', '2026-11-23T10:00:00.000Z'));
    overview.addOutcome('web-1', '2026-11-23T11:00:00+01:00', 1);
    expect(overview.systems.get('web-1')?.[0]?.outcome).toBe(1);
  });

  it('keeps predictions in order of event time when one comes late, and never twice', () => {
    const overview = new Overview();
    for (const [id, time] of [
      ['b', '2026-11-23T10:05:00Z'],
      ['a', '2026-11-23T10:00:00Z'],
      ['b', '2026-11-23T10:05:00Z'],
    ] as const) {
      overview.addPrediction('web-1', prediction(id, time));
    }
    expect(overview.systems.get('web-1')?.map((point) => point.predictionId)).toEqual(['a', 'b']);
  });

  it.each([
    ['trial-completed.v1', 'Trial 7 with max_depth 6, learning_rate 0.1, booster gbtree: objective 0.0430'],
    [
      'trial-completed.v1.2',
      'Trial 7 of performance-predictor with max_depth 6, learning_rate 0.1, booster gbtree: failed: max_leaves needs grow_policy lossguide',
    ],
  ])('says how the trial of %s ended', (sample, text) => {
    const overview = new Overview();
    foldEvent(overview, { id: 'x', type: TrialCompleted.type, time: at, payload: golden(sample) });
    expect(overview.timeline[0]?.text).toBe(text);
  });

  it('says "no data" for a metric that could not be computed, not zero', () => {
    const overview = new Overview();
    const sample = golden('model-trained.v1') as { metrics: Record<string, number | null> };
    sample.metrics['roc_auc'] = null;
    const definition = allEvents.find(({ topic }) => topic.includes('.model-trained.'))!;
    foldEvent(overview, { id: 'x', type: definition.type, time: at, payload: sample });
    expect(overview.timeline[0]?.text).toContain('ROC AUC no data');
  });

  it('says by how much when a drift has no features to name', () => {
    const overview = new Overview();
    const evidence = {
      criterion: 'accuracy',
      value: 0.184,
      threshold: 0.85,
      direction: 'at-least',
      sampleSize: 500,
      confidence: null,
      verdict: 'degraded',
    };
    const payload = {
      ...(golden('drift-detected.v1') as object),
      kind: 'performance',
      modelVersion: 1,
      features: [],
      evidence: [evidence],
    };
    foldEvent(overview, { id: 'x', type: DriftDetected.type, time: at, payload });
    expect(overview.timeline[0]?.text).toBe(
      'Drift (performance) in version 1: accuracy 0.184, at-least 0.850 is allowed',
    );
  });
});
