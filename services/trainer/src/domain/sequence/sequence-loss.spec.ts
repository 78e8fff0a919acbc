import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distillationLossAt, logistic, logLossAt } from './sequence-loss.js';

const logit = fc.double({ min: -30, max: 30, noNaN: true });
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe('the log loss', () => {
  it('is ln 2 with slope 1/2 - y where the logit is 0', () => {
    expect(logLossAt(0, 1)).toEqual({ loss: Math.LN2, slope: -0.5 });
    expect(logLossAt(0, 0.25)).toEqual({ loss: Math.LN2, slope: 0.25 });
  });

  it('stays finite where the probability is 0 or 1 in floating point', () => {
    expect(logLossAt(1000, 0)).toEqual({ loss: 1000, slope: 1 });
    expect(logLossAt(-1000, 0)).toEqual({ loss: 0, slope: 0 });
    expect(logLossAt(-1000, 1)).toEqual({ loss: 1000, slope: -1 });
    expect(logistic(-1000)).toBe(0);
  });
});

describe('the distillation loss', () => {
  it('is T squared times the divergence of the softened answers', () => {
    // Teacher logit ln 4 = 1.3863 (p = 0.8), T = 2: q = s(0.6931) = 2/3. Student 0: KL = ln 2 - H(2/3) = 0.0566.
    const at = distillationLossAt(0, 0, 0.8, { temperature: 2, teacherShare: 1 });
    expect(at.loss).toBeCloseTo(4 * 0.05663301, 6);
    expect(at.slope).toBeCloseTo(2 * (0.5 - 2 / 3), 12);
  });

  it('asks nothing of a student that agrees, and the labels alone when the teacher has no share', () => {
    const agreeing = distillationLossAt(Math.log(4), 1, 0.8, { temperature: 3, teacherShare: 1 });
    expect(agreeing.loss).toBeCloseTo(0, 12);
    expect(agreeing.slope).toBeCloseTo(0, 12);
    expect(distillationLossAt(1.7, 1, 0.1, { temperature: 3, teacherShare: 0 })).toEqual(logLossAt(1.7, 1));
  });

  it('bears a teacher that is sure', () => {
    for (const teacher of [0, 1]) {
      const at = distillationLossAt(0.3, 1, teacher, { temperature: 3, teacherShare: 0.5 });
      expect(Number.isFinite(at.loss) && Number.isFinite(at.slope)).toBe(true);
    }
  });

  it('has the slope that differences of the loss have', () => {
    fc.assert(
      fc.property(
        logit,
        share,
        share,
        share,
        fc.double({ min: 0.5, max: 10, noNaN: true }),
        (z, y, p, a, t) => {
          const lossAt = (at: number): number =>
            distillationLossAt(at, y, p, { temperature: t, teacherShare: a }).loss;
          const { slope, loss } = distillationLossAt(z, y, p, { temperature: t, teacherShare: a });
          expect(Math.abs((lossAt(z + 1e-4) - lossAt(z - 1e-4)) / 2e-4 - slope)).toBeLessThan(1e-5);
          expect(loss).toBeGreaterThanOrEqual(-1e-12);
        },
      ),
      { seed: 42 },
    );
  });
});
