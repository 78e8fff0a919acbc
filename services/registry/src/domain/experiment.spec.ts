import { expect, it } from 'vitest';
import { assertAcceptsRuns, assertExperimentCanBeDeleted } from './experiment.js';

it('never deletes the default experiment', () => {
  expect(() => assertExperimentCanBeDeleted('0')).toThrow('The default experiment always exists');
  expect(() => assertExperimentCanBeDeleted('1')).not.toThrow();
});

it('accepts runs while it is active', () => {
  expect(() => assertAcceptsRuns({ id: '1', lifecycleStage: 'active' })).not.toThrow();
  expect(() => assertAcceptsRuns({ id: '1', lifecycleStage: 'deleted' })).toThrow('restore it first');
});
