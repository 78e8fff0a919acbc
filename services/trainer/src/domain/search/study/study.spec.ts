import { describe, expect, it } from 'vitest';
import { ask } from '../ask.js';
import { paretoFront } from '../pareto/pareto-front.js';
import { bestTrial, InvalidStudyError, report, startStudy, tell, type Study, type Told } from './study.js';
import { readStudy, writeStudy } from './study-document.js';

const space = { x: { kind: 'float', low: 0, high: 1 } } as const;
const start = (): Study => startStudy({ name: 'study', space, seed: 7 });
const asked = (study: Study): Study => {
  const answer = ask(study);
  if (answer.outcome !== 'suggested') throw new Error('exhausted');
  return answer.study;
};
const accepted = (told: Told): Study => {
  if (told.outcome !== 'accepted') throw new Error(told.detail);
  return told.study;
};

describe('a study', () => {
  it('rejects late, doubled and unknown messages without a crash and stays as it is', () => {
    let study = asked(start());
    study = accepted(report(study, 0, 1, 0.5));
    expect(report(study, 0, 1, 0.5)).toMatchObject({ outcome: 'rejected', reason: 'already-reported' });
    expect(report(study, 0, 0.5, 1)).toMatchObject({ outcome: 'rejected', reason: 'invalid' });
    study = accepted(tell(study, 0, { state: 'complete', values: [1] }));
    expect(tell(study, 0, { state: 'complete', values: [2] })).toMatchObject({
      outcome: 'rejected',
      reason: 'already-finished',
    });
    expect(report(study, 0, 2, 1)).toMatchObject({ reason: 'already-finished' });
    expect(tell(study, 5, { state: 'pruned' })).toMatchObject({ reason: 'unknown-trial' });
    expect(tell(study, -1, { state: 'pruned' })).toMatchObject({ reason: 'unknown-trial' });
    expect(bestTrial(study)?.values).toEqual([1]);
  });

  it('lets a slow trial run while hundreds of others end', () => {
    let study = asked(start());
    for (let number = 1; number < 200; number += 1) {
      study = accepted(tell(asked(study), number, { state: 'complete', values: [number] }));
    }
    expect(study.trials[0]!.state).toBe('running');
    expect(bestTrial(accepted(tell(study, 0, { state: 'complete', values: [0] })))?.number).toBe(0);
  });

  it('fails a trial whose result is NaN and takes infinity as a result', () => {
    const failed = accepted(tell(asked(start()), 0, { state: 'complete', values: [NaN] }));
    expect(failed.trials[0]).toMatchObject({ state: 'failed', reason: 'The result is NaN' });
    expect(bestTrial(failed)).toBeUndefined();
    const infinite = accepted(tell(asked(start()), 0, { state: 'complete', values: [Infinity] }));
    expect(bestTrial(infinite)?.values).toEqual([Infinity]);
    expect(tell(asked(start()), 0, { state: 'complete', values: [1, 2] })).toMatchObject({
      reason: 'invalid',
    });
  });

  it('keeps reports by step, in whatever order they come', () => {
    const study = [3, 1, 2].reduce((s, step) => accepted(report(s, 0, step, step * 10)), asked(start()));
    expect(study.trials[0]!.reports.map(({ value }) => value)).toEqual([10, 20, 30]);
  });

  it('refuses what cannot be searched', () => {
    const options = { name: 'study', space, seed: 1 };
    expect(() => startStudy({ ...options, directions: [] })).toThrow(InvalidStudyError);
    expect(() => startStudy({ ...options, seed: 0.5 })).toThrow(InvalidStudyError);
    expect(() => startStudy({ ...options, sampler: { kind: 'tpe', candidates: 0 } })).toThrow(/candidates/);
    expect(() => startStudy({ ...options, pruner: { kind: 'hyperband', maxResource: 0 } })).toThrow(
      /maxResource/,
    );
    const several = { ...options, directions: ['minimize', 'maximize'] } as const;
    expect(() => startStudy({ ...several, pruner: { kind: 'median' } })).toThrow(/compares one objective/);
    expect(() => bestTrial(startStudy(several))).toThrow(/Pareto/);
  });

  it('has the front of several objectives, each in its direction', () => {
    let study = startStudy({ name: 'study', space, seed: 1, directions: ['minimize', 'maximize'] });
    for (const [number, values] of [
      [1, 1],
      [2, 3],
      [2, 2],
      [0, 0],
      [1, 1],
    ].entries()) {
      study = accepted(tell(asked(study), number, { state: 'complete', values }));
    }
    expect(paretoFront(study).map(({ number }) => number)).toEqual([0, 1, 3, 4]);
  });
});

describe('the document of a study', () => {
  it('keeps what JSON cannot say', () => {
    let study = accepted(report(asked(start()), 0, 1, NaN));
    study = accepted(tell(study, 0, { state: 'complete', values: [-Infinity] }));
    expect(readStudy(writeStudy(study))).toEqual(study);
  });

  it.each([
    ['text', 'no JSON', /not JSON/],
    ['an unknown key', writeStudy({ ...start(), colour: 'red' } as Study), /colour/],
    [
      'a gap',
      writeStudy({ ...start(), trials: [{ state: 'pruned', number: 1, parameters: {}, reports: [] }] }),
      /place 0/,
    ],
    [
      'a value too many',
      writeStudy({
        ...start(),
        trials: [{ state: 'complete', number: 0, parameters: {}, reports: [], values: [1, 2] }],
      }),
      /2 values for 1/,
    ],
    [
      'a pruner that halves by 1',
      writeStudy({ ...start(), pruner: { kind: 'hyperband', maxResource: 9, reductionFactor: 1 } }),
      /reductionFactor/,
    ],
  ])('refuses %s', (_, text, message) => expect(() => readStudy(text)).toThrow(message));
});
