import { SeededRandom } from '@headrace/kernel';
import { freezeHistogram } from '@headrace/statistics';
import { describe, expect, it } from 'vitest';
import { type DriftPolicy, driftPolicySchema } from './drift-policy.js';
import { DriftWindow } from './drift-window.js';
import { judgeDrift } from './judge-drift.js';
import { type ReferenceProfile } from './reference-profile.js';

const policy: DriftPolicy = driftPolicySchema.parse({ name: 'test', window: {}, performance: {} });
const now = new Date('2026-11-23T12:00:00Z');
const random = new SeededRandom(101);

type Column = (row: number) => number;

function profileOf(columns: Record<string, Column>, rows = 5000): ReferenceProfile {
  const sample = (column: Column) =>
    freezeHistogram(Float64Array.from({ length: rows }, (_, row) => column(row)));
  return {
    modelRunId: 'run-1',
    rows,
    features: Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, sample(column)])),
    prediction: sample(() => random.next() ** 3),
  };
}

function windowOf(
  profile: ReferenceProfile,
  rows: number,
  columns: Record<string, Column>,
  predict: Column = () => random.next() ** 3,
  systems = 20,
) {
  const window = DriftWindow.open(profile, now);
  for (let row = 0; row < rows; row += 1) {
    const systemId = `system-${row % systems}`;
    const features = Object.fromEntries(
      Object.entries(columns).map(([name, column]) => {
        const value = column(row);
        return [name, Number.isNaN(value) ? null : value];
      }),
    );
    window.countFeatures({ id: `f${row}`, systemId, eventTime: now.toISOString(), features });
    window.countPrediction({ id: `p${row}`, systemId, probability: predict(row) });
  }
  return window.toState();
}

const normal =
  (shift = 0): Column =>
  () =>
    random.normal() + shift;
const four = (shift = 0): Record<string, Column> => ({
  cpu: normal(shift),
  memory: normal(),
  disk: normal(),
  network: normal(),
});

describe('judgeDrift', () => {
  it('says no-data for an empty window and inconclusive for a short one, never healthy', () => {
    const profile = profileOf(four());
    expect(judgeDrift(profile, windowOf(profile, 0, four()), policy).verdict).toBe('no-data');
    const short = judgeDrift(profile, windowOf(profile, 50, four(5)), policy);
    expect(short.verdict).toBe('inconclusive');
    expect(short.features.every(({ drifted }) => drifted === undefined)).toBe(true);
    expect(short.evidence.every(({ verdict }) => verdict !== 'healthy')).toBe(true);
  });

  it('finds a feature that moved by one deviation, with value, threshold and rows in the evidence', () => {
    const profile = profileOf(four());
    const judgement = judgeDrift(profile, windowOf(profile, 1000, four(1)), policy);
    expect(judgement.verdict).toBe('degraded');
    expect(judgement.driftedFeatures).toEqual(['cpu']);
    expect(judgement.shareDrifted).toBe(0.25);
    expect(judgement.evidence.find(({ criterion }) => criterion === 'psi of cpu')).toMatchObject({
      verdict: 'degraded',
      threshold: 0.1,
      sampleSize: 1000,
    });
  });

  it('does not flag on a p-value alone, however many rows there are (evidently#50)', () => {
    const profile = profileOf(four(), 50_000);
    const judgement = judgeDrift(profile, windowOf(profile, 50_000, four(0.05)), policy);
    const cpu = judgement.features[0]!;
    expect(cpu.scores.find(({ method }) => method === 'ks')!.pValue).toBeLessThan(0.001);
    expect(cpu.drifted).toBe(false);
    expect(judgement.verdict).toBe('healthy');
  });

  it('has a defined result for constant, all-missing and single-category columns (evidently#1929, nannyml#339, #327)', () => {
    const columns = { constant: () => 7, missing: () => NaN, flag: (row: number) => row % 2, cpu: normal() };
    const profile = profileOf(columns);
    const same = judgeDrift(profile, windowOf(profile, 1000, columns), policy);
    expect(same.verdict).toBe('healthy');
    expect(same.features.map(({ drifted }) => drifted)).toEqual([false, undefined, false, false]);
    const moved = judgeDrift(profile, windowOf(profile, 1000, { ...columns, constant: () => 8 }), policy);
    expect(moved.driftedFeatures).toEqual(['constant']);
    const single = judgeDrift(profile, windowOf(profile, 1000, { ...columns, flag: () => 1 }), policy);
    expect(single.driftedFeatures).toEqual(['flag']);
  });

  it('never takes a numeric column for a categorical one: few distinct values keep their order (nannyml#397)', () => {
    const profile = profileOf({ level: (row) => row % 3 });
    const window = windowOf(profile, 900, { level: (row) => row % 3 });
    expect(judgeDrift(profile, window, policy).features[0]!.scores.map(({ method }) => method)).toEqual([
      'psi',
      'ks',
      'js',
    ]);
  });

  it('leaves the time of day out of the decision and shows it all the same', () => {
    const columns = { hour: (row: number) => row % 24, cpu: normal() };
    const profile = profileOf(columns);
    const judgement = judgeDrift(profile, windowOf(profile, 1000, { hour: () => 3, cpu: normal() }), policy);
    expect(judgement.verdict).toBe('healthy');
    expect(judgement.features[0]).toMatchObject({ feature: 'hour', excluded: true, drifted: undefined });
    expect(judgement.features[0]!.scores[0]!.value).toBeGreaterThan(1);
  });

  it('finds a prediction that moved although no feature did', () => {
    const profile = profileOf(four());
    const judgement = judgeDrift(
      profile,
      windowOf(profile, 1000, four(), () => random.next()),
      policy,
    );
    expect(judgement.driftedFeatures).toEqual([]);
    expect(judgement.prediction.drifted).toBe(true);
    expect(judgement.verdict).toBe('degraded');
  });

  it('reports missing values as a fault of the data', () => {
    const profile = profileOf(four());
    const gaps = { ...four(), disk: (row: number) => (row % 4 === 0 ? NaN : random.normal()) };
    const judgement = judgeDrift(profile, windowOf(profile, 1000, gaps), policy);
    expect(judgement.incompleteFeatures).toEqual(['disk']);
    expect(judgement.driftedFeatures).toEqual([]);
    expect(judgement.verdict).toBe('degraded');
  });

  /** A chain per system that remembers with `memory`: what a mean over an hour looks like from minute to minute. */
  function slow(memory: number): Column {
    const last = new Map<number, number>();
    return (row) => {
      const before = last.get(row % 20) ?? random.normal();
      const next = memory * before + Math.sqrt(1 - memory ** 2) * random.normal();
      last.set(row % 20, next);
      return next;
    };
  }

  it.each([
    ['independent rows', 0],
    ['rows that repeat each other', 0.97],
  ])('stays quiet when nothing changed: %s, 20 features, 300 windows', (_title, memory) => {
    const columns = () =>
      Object.fromEntries(Array.from({ length: 20 }, (_, feature) => [`f${feature}`, slow(memory)]));
    const profile = profileOf(columns(), 10_000);
    let alarms = 0;
    for (let run = 0; run < 300; run += 1) {
      if (judgeDrift(profile, windowOf(profile, 400, columns()), policy).verdict === 'degraded') alarms += 1;
    }
    expect(alarms / 300).toBeLessThan(0.03);
  });
});
