import { describe, expect, it } from 'vitest';
import { type EarlyStoppingPolicy, judgeEpoch, nothingSeen } from './early-stopping.js';

function run(
  scores: readonly number[],
  policy: EarlyStoppingPolicy,
): { best: number | undefined; stoppedAt: number | undefined } {
  let state = nothingSeen;
  for (const [epoch, score] of scores.entries()) {
    const verdict = judgeEpoch(state, epoch, score, policy);
    state = verdict.state;
    if (verdict.stop) return { best: state.best?.epoch, stoppedAt: epoch };
  }
  return { best: state.best?.epoch, stoppedAt: undefined };
}

describe('early stopping', () => {
  it('ends after so many epochs without a better score, and names the best', () => {
    expect(run([0.9, 0.5, 0.6, 0.55, 0.7, 0.1], { patience: 3, minDelta: 0 })).toEqual({
      best: 1,
      stoppedAt: 4,
    });
  });

  it('goes on while it gets better', () => {
    expect(run([5, 4, 3, 2, 1], { patience: 1, minDelta: 0 })).toEqual({ best: 4, stoppedAt: undefined });
  });

  it('does not take an equal score for a better one', () => {
    expect(run([1, 1, 1], { patience: 2, minDelta: 0 })).toEqual({ best: 0, stoppedAt: 2 });
  });

  it('measures an improvement from the best score, not from the last one', () => {
    // 0.9 and 0.85 are not better by more than 0.2; 0.79 is, of 1.
    expect(run([1, 0.9, 0.85, 0.79], { patience: 5, minDelta: 0.2 })).toEqual({
      best: 3,
      stoppedAt: undefined,
    });
    expect(run([1, 0.9, 0.85, 0.81], { patience: 3, minDelta: 0.2 })).toEqual({ best: 0, stoppedAt: 3 });
  });

  it('never takes what is not a number for the best', () => {
    expect(run([NaN, NaN], { patience: 2, minDelta: 0 })).toEqual({ best: undefined, stoppedAt: 1 });
    expect(run([NaN, 1, NaN], { patience: 3, minDelta: 0 })).toEqual({ best: 1, stoppedAt: undefined });
  });
});
