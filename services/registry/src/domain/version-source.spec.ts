import { expect, it } from 'vitest';
import { parseVersionSource } from './version-source.js';

it.each([
  ['runs:/r1/model', { kind: 'run', runId: 'r1', path: 'model' }],
  ['runs:///r1/model/deep/', { kind: 'run', runId: 'r1', path: 'model/deep' }],
  ['models:/predictor/12', { kind: 'version', modelName: 'predictor', version: 12 }],
  ['models:/predictor/latest', { kind: 'uri', uri: 'models:/predictor/latest' }],
  ['mlflow-artifacts:/0/r1/artifacts/model', { kind: 'uri', uri: 'mlflow-artifacts:/0/r1/artifacts/model' }],
])('reads %s', (source, expected) => {
  expect(parseVersionSource(source)).toEqual(expected);
});

it('refuses a path that climbs out of its run', () => {
  expect(() => parseVersionSource('runs:/r1/../r2/model')).toThrow('is refused');
});
