import { expect, it } from 'vitest';
import { ask } from '../ask.js';
import { openTrial } from './open-trial.js';
import { startStudy, tell } from './study.js';

const space = {
  x: { kind: 'float', low: 0, high: 1 },
  y: { kind: 'float', low: 0, high: 1 },
} as const;

it('opens a trial of given parameters, which is told its end like any other', () => {
  const opened = openTrial(startStudy({ name: 's', space, seed: 1 }), { x: 0.25, y: 0.5 });
  expect(opened.trial).toEqual({ number: 0, state: 'running', parameters: { x: 0.25, y: 0.5 }, reports: [] });
  expect(tell(opened.study, 0, { state: 'complete', values: [3] })).toMatchObject({
    outcome: 'accepted',
    study: { trials: [{ number: 0, state: 'complete', values: [3] }] },
  });
});

it('lets values outside the space be tried without suggesting them', () => {
  let study = startStudy({ name: 's', space, seed: 1, sampler: { kind: 'tpe', startupTrials: 1 } });
  const opened = openTrial(study, { x: -7, y: 0.5 });
  const told = tell(opened.study, 0, { state: 'complete', values: [0] });
  if (told.outcome === 'accepted') study = told.study;
  const asked = ask(study);
  expect(asked).toMatchObject({ outcome: 'suggested', trial: { number: 1 } });
  if (asked.outcome === 'suggested') {
    expect(asked.trial.parameters['x']).toBeGreaterThanOrEqual(0);
    expect(asked.trial.parameters['x']).toBeLessThanOrEqual(1);
  }
});
