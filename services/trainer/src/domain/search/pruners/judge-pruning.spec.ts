import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decode, parseGolden } from '../golden/parse-golden.js';
import { hyperbandBracketOf, hyperbandShares } from './hyperband-bracket.js';
import { judgePruning } from './judge-pruning.js';
import { type PrunerOptions } from '../study/pruner-options.js';
import { InvalidStudyError, startStudy, type Study } from '../study/study.js';
import { type Direction, type Report, type Trial } from '../study/trial.js';

const golden = parseGolden(readFileSync(new URL('../golden/optuna-5.0.0.json', import.meta.url), 'utf8'));
const space = { x: { kind: 'float', low: 0, high: 1 } } as const;

const studyOf = (
  pruner: PrunerOptions,
  trials: readonly Trial[],
  direction: Direction = 'minimize',
): Study => ({
  ...startStudy({ name: 'golden', space, seed: 1, directions: [direction], pruner }),
  trials,
});
const reports = (values: readonly number[]): Report[] => values.map((value, step) => ({ step, value }));
const complete = (number: number, values: readonly number[], value = values.at(-1)!): Trial => ({
  state: 'complete',
  number,
  parameters: {},
  reports: reports(values),
  values: [value],
});
const running = (number: number, values: readonly number[]): Trial => ({
  state: 'running',
  number,
  parameters: {},
  reports: reports(values),
});

describe('judgePruning as Optuna, report by report', () => {
  it.each(golden.pruners)('$pruner, $direction', ({ pruner, direction, histories, log }) => {
    let trials: readonly Trial[] = [];
    const seen: typeof log = [];
    histories.forEach((history, number) => {
      const own: Report[] = [];
      let pruned = false;
      for (const [step, encoded] of history) {
        own.push({ step, value: decode(encoded) as number });
        const trial: Trial = { state: 'running', number, parameters: {}, reports: [...own] };
        pruned = judgePruning(studyOf(pruner, [...trials, trial], direction), number).outcome === 'prune';
        seen.push([number, step, pruned]);
        if (pruned) break;
      }
      const last = own.at(-1)!.value;
      const ended = { number, parameters: {}, reports: own };
      trials = [
        ...trials,
        pruned
          ? { ...ended, state: 'pruned' }
          : { ...ended, state: 'complete', values: [Number.isFinite(last) ? last : 0] },
      ];
    });
    expect(seen).toEqual(log);
    expect(new Set(seen.map(([, , pruned]) => pruned)).size).toBe(2);
  });
});

describe('the median pruner', () => {
  const pruner: PrunerOptions = { kind: 'median', startupTrials: 3 };
  const others = [complete(0, [4, 2]), complete(1, [6, 3]), complete(2, [8, 1])];

  it('is by hand: 7 is worse than the median 6, 6 is not', () => {
    expect(judgePruning(studyOf(pruner, [...others, running(3, [7])]), 3)).toEqual({
      outcome: 'prune',
      reason: 'worse',
      step: 0,
      value: 7,
      threshold: 6,
    });
    expect(judgePruning(studyOf(pruner, [...others, running(3, [6])]), 3)).toMatchObject({ outcome: 'keep' });
  });

  it('says why it cannot judge', () => {
    const reasonOf = (trials: readonly Trial[], options: PrunerOptions = pruner): unknown => {
      const verdict = judgePruning(studyOf(options, trials), trials.length - 1);
      return verdict.outcome === 'no-data' ? verdict.reason : verdict.outcome;
    };
    expect(reasonOf([...others, running(3, [])])).toBe('no-report');
    expect(reasonOf([complete(0, [1]), running(1, [9])])).toBe('too-few-trials');
    expect(reasonOf([...others, running(3, [9])], { ...pruner, warmupSteps: 1 })).toBe('warming-up');
    expect(reasonOf([...others, running(3, [9, 9])], { ...pruner, intervalSteps: 2 })).toBe(
      'between-intervals',
    );
    expect(reasonOf([...others, running(3, [9, 9, 9])])).toBe('too-few-trials');
    expect(reasonOf([...others, running(3, [NaN])])).toBe('prune');
    expect(reasonOf([running(0, [1])], { kind: 'none' })).toBe('no-pruner');
    expect(() => judgePruning(studyOf(pruner, []), 0)).toThrow(InvalidStudyError);
  });
});

describe('successive halving', () => {
  const pruner: PrunerOptions = { kind: 'successive-halving', minResource: 1, reductionFactor: 2 };

  it('is by hand: the best half of each rung goes on', () => {
    const rung = [running(0, [9, 1]), running(1, [9, 4]), running(2, [9, 3])];
    expect(judgePruning(studyOf(pruner, [...rung, running(3, [9, 2])]), 3)).toMatchObject({
      outcome: 'keep',
      threshold: 2,
    });
    expect(judgePruning(studyOf(pruner, [...rung, running(3, [9, 3.5])]), 3)).toMatchObject({
      outcome: 'prune',
      threshold: 3,
    });
  });

  it('prunes what diverged and does not let it count', () => {
    expect(judgePruning(studyOf(pruner, [running(0, [1, NaN])]), 0)).toMatchObject({ reason: 'diverged' });
    const trials = [running(0, [1, NaN]), running(1, [1, 7])];
    expect(judgePruning(studyOf(pruner, trials), 1)).toMatchObject({ outcome: 'keep', threshold: 7 });
  });
});

describe('Hyperband', () => {
  it.each(golden.brackets)('has the brackets of Optuna for $options', ({ options, shares, brackets }) => {
    expect(hyperbandShares(options)).toEqual(shares);
    expect(brackets.map((_, number) => hyperbandBracketOf(options, 'golden', number))).toEqual(brackets);
  });

  it('counts whole powers whole: 243 of 3 are six brackets', () => {
    expect(hyperbandShares({ kind: 'hyperband', maxResource: 243 })).toHaveLength(6);
  });
});

describe('the Wilcoxon pruner', () => {
  const pruner: PrunerOptions = { kind: 'wilcoxon' };

  it('is by hand: four steps all worse have p = 1/16', () => {
    const best = complete(0, [1, 1, 1, 1], 1);
    expect(judgePruning(studyOf(pruner, [best, running(1, [2, 3, 4, 5])]), 1)).toEqual({
      outcome: 'prune',
      reason: 'worse',
      step: 3,
      value: 1 / 16,
      threshold: 0.1,
    });
    expect(judgePruning(studyOf(pruner, [best, running(1, [2, 3, 4])]), 1)).toMatchObject({ value: 1 / 8 });
    expect(judgePruning(studyOf(pruner, [best, running(1, [1, 1, 1, 1])]), 1)).toMatchObject({ value: 1 });
  });

  it('does not judge one step, other steps, or what is not finite', () => {
    const reasonOf = (trials: readonly Trial[]): unknown => {
      const verdict = judgePruning(studyOf(pruner, trials), trials.length - 1);
      return verdict.outcome === 'no-data' ? verdict.reason : verdict.outcome;
    };
    expect(reasonOf([running(0, [1, 2])])).toBe('too-few-trials');
    expect(reasonOf([complete(0, [1]), running(1, [2, 3])])).toBe('too-few-steps');
    expect(reasonOf([complete(0, [1, 1]), running(1, [2, Infinity])])).toBe('not-comparable');
    expect(reasonOf([complete(0, [NaN, 1]), running(1, [2, 3])])).toBe('not-comparable');
    expect(reasonOf([complete(0, [], 1), running(1, [2, 3])])).toBe('not-comparable');
  });
});
